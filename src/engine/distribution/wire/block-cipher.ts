import { createCipheriv, createDecipheriv } from 'node:crypto';
import { MessageError } from './message-bytes.js';

/** The algorithms of PCCRR 2.2.3 at their numbers, named as OpenSSL names them. */
export const BLOCK_CIPHERS = ['none', 'aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc'] as const;

/** How a block is encrypted between peers. */
export type BlockCipher = (typeof BLOCK_CIPHERS)[number];

/** Bytes that AES encrypts at a time. Padding has one to so many, each with the number of them. RFC 5652 6.3. */
const CIPHER_BLOCK = 16;

/** Bytes of an initialisation vector. */
export const IV_LENGTH = 16;

const KEY_LENGTHS = { 'aes-128-cbc': 16, 'aes-192-cbc': 24, 'aes-256-cbc': 32 } as const;

/** How long `length` bytes get: CBC always pads by 1 to 16 bytes. */
export const encryptedLength = (cipher: BlockCipher, length: number): number =>
  cipher === 'none' ? length : length - (length % 16) + 16;

/** The specification does not say how the segment secret is cut to a key; peers take its first bytes. */
const keyFor = (cipher: Exclude<BlockCipher, 'none'>, segmentSecret: Uint8Array): Uint8Array =>
  segmentSecret.subarray(0, KEY_LENGTHS[cipher]);

/**
 * A block as it goes over the wire, in pieces that follow one another. `iv` must be random: the key is the same for a
 * whole segment.
 */
export const encryptBlock = (
  cipher: BlockCipher,
  segmentSecret: Uint8Array,
  iv: Uint8Array,
  block: Uint8Array,
): Uint8Array[] => {
  if (cipher === 'none') return [block];
  const encryption = createCipheriv(cipher, keyFor(cipher, segmentSecret), iv);
  return [encryption.update(block), encryption.final()];
};

/**
 * The plain bytes, in memory of their own, which may have the padding behind them. They prove nothing before they have
 * been checked against the block's hash.
 *
 * @throws MessageError if the padding or the size of the vector is wrong.
 */
export const decryptBlock = (
  cipher: BlockCipher,
  segmentSecret: Uint8Array,
  iv: Uint8Array,
  data: Uint8Array,
): Buffer => {
  if (cipher === 'none') return Buffer.from(data);
  if (iv.length !== IV_LENGTH) throw new MessageError(`initialisation vector of ${iv.length} bytes`);
  if (data.length === 0 || data.length % CIPHER_BLOCK !== 0) throw wrongPadding();
  // The padding is taken off here, because OpenSSL would hand the end of the bytes out by itself.
  const decryption = createDecipheriv(cipher, keyFor(cipher, segmentSecret), iv).setAutoPadding(false);
  const bytes = decryption.update(data);
  decryption.final();
  const padding = bytes.readUInt8(bytes.length - 1);
  if (padding < 1 || padding > CIPHER_BLOCK) throw wrongPadding();
  const length = bytes.length - padding;
  for (let at = length; at < bytes.length; at += 1) if (bytes[at] !== padding) throw wrongPadding();
  return bytes.subarray(0, length);
};

const wrongPadding = (): MessageError => new MessageError('block with wrong padding');
