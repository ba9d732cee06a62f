export type CertificateLibrary = typeof import('@peculiar/x509');

let loading: Promise<CertificateLibrary> | undefined;

/** `@peculiar/x509`, loaded when the first certificate is needed: it takes a few hundred milliseconds. */
export const certificateLibrary = (): Promise<CertificateLibrary> => (loading ??= load());

const load = async (): Promise<CertificateLibrary> => {
  // Its dependency injection does not load without these functions on Reflect.
  await import('reflect-metadata');
  const library: CertificateLibrary & { readonly default?: CertificateLibrary } =
    await import('@peculiar/x509');
  // It is CommonJS, of which a bundle that is split knows no names but this one.
  return library.default ?? library;
};
