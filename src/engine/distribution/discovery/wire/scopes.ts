import { malformed } from './discovery-message-error.js';

/** Most segments of one Probe: what fits into the count of version 2; applied to version 1 as well. */
export const MAX_SEGMENTS = 255;

/** Most bytes of a segment id, those of SHA-512. */
const MAX_ID_LENGTH = 64;
const HEX_ID = new RegExp(`^(?:[0-9A-Fa-f]{2}){1,${MAX_ID_LENGTH}}$`);
const ID_LIST_HEADER_LENGTH = 3;

/** A segment that a Probe asks for. */
export interface ProbedSegment {
  readonly id: Buffer;
  /** As it was written in a version-1 message, so that it can be answered in the same case; else upper-case hex. */
  readonly scope: string;
}

/** The canonical form of hexBinary, which peers that compare case-sensitively send. */
export const scopeOf = (id: Uint8Array): string => Buffer.from(id).toString('hex').toUpperCase();

/** Version 1: one hexBinary word for each segment. PCCRD 2.2.3.3. */
export const decodeHexScopes = (words: readonly string[]): ProbedSegment[] =>
  words.map((scope) => {
    if (!HEX_ID.test(scope)) throw malformed('a scope that is no segment id');
    return { id: Buffer.from(scope, 'hex'), scope };
  });

/** Version 2: the size of an id, their count and the ids in one base64 word. PCCRD 2.2.3.3. */
export const encodeIdList = (ids: readonly Uint8Array[]): string => {
  const header = Buffer.alloc(ID_LIST_HEADER_LENGTH);
  header.writeUInt16BE(ids[0]?.length ?? 0);
  header.writeUInt8(ids.length, 2);
  return Buffer.concat([header, ...ids]).toString('base64');
};

export const decodeIdList = (words: readonly string[]): ProbedSegment[] => {
  const bytes = decodeBase64(words);
  if (bytes.length < ID_LIST_HEADER_LENGTH) throw malformed('a list of segment ids that ends too early');
  const size = bytes.readUInt16BE();
  const count = bytes.readUInt8(2);
  if (size === 0 || size > MAX_ID_LENGTH) throw malformed('segment ids of an impossible size');
  if (bytes.length !== ID_LIST_HEADER_LENGTH + size * count) {
    throw malformed('a list of segment ids that has not the length it says');
  }
  return Array.from({ length: count }, (_, index) => {
    const start = ID_LIST_HEADER_LENGTH + index * size;
    const id = bytes.subarray(start, start + size);
    return { id, scope: scopeOf(id) };
  });
};

/** How much of a segment a peer has: nothing, some of its blocks, or all of them. */
export type Availability = 'none' | 'some' | 'all';

const BITS: Readonly<Record<Availability, number>> = { none: 0b00, some: 0b10, all: 0b11 };

/** Version 2: two bits for each segment asked for, the first one in the highest bits. PCCRD 2.2.3.3. */
export const encodeAvailability = (segments: readonly Availability[]): string => {
  const bytes = Buffer.alloc(Math.ceil(segments.length / 4));
  segments.forEach((availability, index) => {
    bytes[index >> 2] = (bytes[index >> 2] ?? 0) | (BITS[availability] << (6 - 2 * (index & 3)));
  });
  return bytes.toString('base64');
};

/** As many as the bytes have room for; those after the last segment that was asked for are padding. */
export const decodeAvailability = (words: readonly string[]): Availability[] =>
  [...decodeBase64(words)].flatMap((byte) =>
    [6, 4, 2, 0].map((shift) => {
      const bits = (byte >> shift) & 0b11;
      if (bits === BITS.all) return 'all';
      return bits === BITS.some ? 'some' : 'none';
    }),
  );

/** Blocks of each segment in eight hex digits. PCCRD 4.3; the four digits in the text of 2.2.3.9 appear nowhere else. */
export const encodeBlockCounts = (counts: readonly number[]): string =>
  counts.map((count) => count.toString(16).toUpperCase().padStart(8, '0')).join('');

export const decodeBlockCounts = (words: readonly string[]): number[] => {
  const digits = words.join('');
  if (!/^(?:[0-9A-Fa-f]{8})*$/.test(digits)) throw malformed('block counts that are no numbers');
  return (digits.match(/.{8}/g) ?? []).map((count) => Number.parseInt(count, 16));
};

const decodeBase64 = (words: readonly string[]): Buffer => {
  const text = words.join('');
  const bytes = Buffer.from(text, 'base64');
  // Node's decoder skips what is no base64.
  if (bytes.toString('base64') !== text) throw malformed('text that is no base64');
  return bytes;
};
