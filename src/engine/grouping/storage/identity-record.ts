import { readIdentityCertificate } from '../certificates/read.js';
import { DamagedRecord, decodeRecord, RecordReader } from './record.js';

export interface Identity {
  readonly peerName: string;
  readonly friendlyName: string;
  /** The identity certificate, DER. */
  readonly certificate: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** What an `identity.rec` says. @throws DamagedRecord, Malformed */
export const decodeIdentity = async (bytes: Uint8Array | undefined): Promise<Identity> => {
  if (bytes === undefined) throw new DamagedRecord('its record is missing');
  const body = new RecordReader(decodeRecord('identity', bytes));
  const certificate = await readIdentityCertificate(Buffer.from(body.text('certificate'), 'base64'));
  return {
    peerName: certificate.subject,
    friendlyName: body.text('friendlyName'),
    certificate: certificate.der,
    publicKey: certificate.publicKey,
  };
};
