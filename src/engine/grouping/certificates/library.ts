import { ensureReflectMetadata } from './reflect-metadata.js';

export type CertificateLibrary = typeof import('@peculiar/x509');

let loading: Promise<CertificateLibrary> | undefined;

/** `@peculiar/x509`, loaded when the first certificate is needed: it takes a few hundred milliseconds. */
export const certificateLibrary = (): Promise<CertificateLibrary> => {
  if (loading === undefined) {
    ensureReflectMetadata();
    loading = import('@peculiar/x509');
  }
  return loading;
};
