import { MessageError, MessageReader, u32 } from './message-bytes.js';

/* PCHC 2.2. */

/** `interested` asks for the SEGMENT_INFO that follows an INITIAL_OFFER. */
export type OfferResponse = 'ok' | 'interested';

const CODES: Readonly<Record<OfferResponse, number>> = { ok: 0, interested: 1 };
const RESPONSES = new Map(Object.entries(CODES).map(([name, code]) => [code, name as OfferResponse]));

/** Bytes of a response: the length of the message and the message, a code. */
export const OFFER_RESPONSE_LENGTH = 5;

/** Writes the body of an HTTP response. */
export const encodeOfferResponse = (response: OfferResponse): Buffer =>
  Buffer.concat([u32(1), Buffer.of(CODES[response])]);

/** Reads the body of an HTTP response. @throws MessageError */
export const decodeOfferResponse = (bytes: Buffer): OfferResponse => {
  const reader = new MessageReader(bytes);
  const code = reader.sizedAtEnd();
  const response = code.length === 1 ? RESPONSES.get(code.readUInt8()) : undefined;
  if (response === undefined) throw new MessageError('answer to an offer that is none');
  return response;
};
