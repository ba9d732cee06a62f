import * as check from './check.js';

/** The parts of a SubjectPublicKeyInfo, which Windows keeps apart in CERT_PUBLIC_KEY_INFO. */
export interface PublicKeyParts {
  /** Dotted object identifier. */
  readonly algorithm: string;
  /** DER of the algorithm's parameters; may be empty. */
  readonly parameters: Uint8Array;
  readonly key: Uint8Array;
  readonly unusedBits: number;
}

const SEQUENCE = 0x30;
const OBJECT_IDENTIFIER = 0x06;
const BIT_STRING = 0x03;

const lengthBytes = (length: number): readonly number[] => {
  if (length < 0x80) return [length];
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return [0x80 | digits.length, ...digits];
};

const element = (tag: number, ...contents: readonly Uint8Array[]): Uint8Array => {
  const content = Buffer.concat(contents);
  return Buffer.concat([Uint8Array.of(tag, ...lengthBytes(content.length)), content]);
};

/** An arc of an object identifier: seven bits a byte, the highest first. */
const arcBytes = (arc: bigint): readonly number[] => {
  const bytes = [Number(arc & 0x7fn)];
  for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) bytes.unshift(Number(rest & 0x7fn) | 0x80);
  return bytes;
};

const identifierBytes = (dotted: string): Uint8Array => {
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt);
  return Uint8Array.from([first * 40n + second, ...rest].flatMap(arcBytes));
};

const dottedFrom = (bytes: Uint8Array): string => {
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const byte of bytes) {
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  const [joined = 0n, ...rest] = arcs;
  const first = joined < 80n ? joined / 40n : 2n;
  return [first, joined - first * 40n, ...rest].join('.');
};

/** DER of the parts. */
export const encodePublicKey = ({ algorithm, parameters, key, unusedBits }: PublicKeyParts): Uint8Array =>
  Uint8Array.from(
    element(
      SEQUENCE,
      element(SEQUENCE, element(OBJECT_IDENTIFIER, identifierBytes(algorithm)), parameters),
      element(BIT_STRING, Uint8Array.of(unusedBits), key),
    ),
  );

/** One DER element at the start of `bytes`. */
const read = (bytes: Uint8Array, tag: number): { content: Uint8Array; rest: Uint8Array } => {
  const invalid = new check.BadValue('publicKey', 'a SubjectPublicKeyInfo in DER');
  const [actualTag, shortLength] = bytes;
  if (actualTag !== tag || shortLength === undefined) throw invalid;
  const digits = shortLength < 0x80 ? 0 : shortLength & 0x7f;
  const length =
    digits === 0
      ? shortLength
      : bytes.subarray(2, 2 + digits).reduce((value, digit) => value * 256 + digit, 0);
  const start = 2 + digits;
  if (digits > 4 || start + length > bytes.length) throw invalid;
  return { content: bytes.subarray(start, start + length), rest: bytes.subarray(start + length) };
};

/** The parts of a DER SubjectPublicKeyInfo. @throws BadValue */
export const decodePublicKey = (der: Uint8Array): PublicKeyParts => {
  const outer = read(check.bytes(der, 'publicKey'), SEQUENCE);
  const algorithm = read(outer.content, SEQUENCE);
  const identifier = read(algorithm.content, OBJECT_IDENTIFIER);
  const key = read(algorithm.rest, BIT_STRING);
  return {
    algorithm: dottedFrom(identifier.content),
    parameters: identifier.rest,
    key: key.content.subarray(1),
    unusedBits: key.content[0] ?? 0,
  };
};
