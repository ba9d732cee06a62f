import { BLOCK_CIPHERS, type BlockCipher } from './block-cipher.js';
import { lengthOfParts, MessageError, type MessageReader, type Part } from './message-bytes.js';
import { versionOfType, type ProtocolVersion, type VersionRange } from './protocol-version.js';

/* PCCRR 2.2.3. All numbers are big-endian. */

export const MESSAGE_TYPES = {
  negotiationRequest: 0,
  negotiationResponse: 1,
  getBlockList: 2,
  getBlocks: 3,
  blockList: 4,
  block: 5,
  getSegmentList: 6,
  segmentList: 7,
} as const;

/** Bytes of the header, which the sizes of messages include. */
const MESSAGE_HEADER_LENGTH = 16;

/** Most bytes of a request. */
export const MAX_REQUEST_LENGTH = 98_304;

/** Most bytes of a response, without the four bytes of its length in front. */
export const MAX_RESPONSE_LENGTH = 393_216;

export interface MessageHeader {
  readonly version: ProtocolVersion;
  readonly type: number;
  /** `undefined`: an algorithm of unknown number. */
  readonly cipher: BlockCipher | undefined;
}

const readVersion = (reader: MessageReader): ProtocolVersion => {
  const word = reader.u32();
  return { minor: word >>> 16, major: word & 0xffff };
};

const encodeVersion = ({ major, minor }: ProtocolVersion): number => minor * 0x1_0000 + major;

/** Reads the header of a message that has `length` bytes. */
export const readHeader = (reader: MessageReader, length: number): MessageHeader => {
  const version = readVersion(reader);
  const type = reader.u32();
  const size = reader.u32();
  if (size !== length) throw new MessageError(`message of ${length} bytes claims to have ${size}`);
  return { version, type, cipher: BLOCK_CIPHERS[reader.u32()] };
};

export const readVersionRange = (reader: MessageReader): VersionRange => ({
  minVersion: readVersion(reader),
  maxVersion: readVersion(reader),
});

export const encodeVersionRange = ({ minVersion, maxVersion }: VersionRange): Part[] => [
  encodeVersion(minVersion),
  encodeVersion(maxVersion),
];

/** A message in pieces: the header and its body. */
export const encodeMessage = (type: number, cipher: BlockCipher, body: readonly Part[]): Part[] => [
  encodeVersion(versionOfType(type)),
  type,
  MESSAGE_HEADER_LENGTH + lengthOfParts(body),
  BLOCK_CIPHERS.indexOf(cipher),
  ...body,
];
