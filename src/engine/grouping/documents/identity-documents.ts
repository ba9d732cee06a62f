import { bytesAt, expectShape, textAt } from './fields.js';
import { readXml, writeXml } from './xml.js';

const INFO = 'PEERIDENTITYINFO';
const EXPORT = 'PEERIDENTITYEXPORT';
const VERSION = '1.0';

/** PEERIDENTITYINFO: the public description that an invitee hands to the issuer. */
export const writeIdentityInfo = (certificate: Uint8Array): string =>
  writeXml({ root: INFO, version: VERSION, fields: [['IDC', certificate]] });

/** @returns the identity certificate, DER, not yet verified. */
export const readIdentityInfo = (xml: string): Uint8Array => {
  const document = readXml(xml);
  expectShape(document, INFO, VERSION, 1);
  return bytesAt(document, 0, 'IDC');
};

export interface IdentityExport {
  readonly peerName: string;
  /** Sealed under the export's password. */
  readonly data: Uint8Array;
}

/** PEERIDENTITYEXPORT: a copy of an identity with its private key. */
export const writeIdentityExport = ({ peerName, data }: IdentityExport): string =>
  writeXml({
    root: EXPORT,
    version: VERSION,
    fields: [
      ['PEERNAME', peerName],
      ['DATA', data],
    ],
  });

export const readIdentityExport = (xml: string): IdentityExport => {
  const document = readXml(xml);
  expectShape(document, EXPORT, VERSION, 2);
  return { peerName: textAt(document, 0, 'PEERNAME'), data: bytesAt(document, 1, 'DATA') };
};
