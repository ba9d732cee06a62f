import type { SegmentHash } from '../ports.js';
import { LONGEST_OF_ONE_SEGMENT } from './content-information-v1.js';
import { MessageError, MessageReader, u32 } from './message-bytes.js';
import { HASH_LENGTHS } from './units.js';

/* PCHC 2.2, what a client offers to a hosted cache. All numbers are big-endian. */

/** INITIAL_OFFER, version 1: is the cache interested in this segment? */
export interface InitialOffer {
  readonly _tag: 'InitialOffer';
  /** Where the client serves blocks to the cache. */
  readonly port: number;
  readonly segmentId: Uint8Array;
}

/** SEGMENT_INFO, version 1: here is what to know of the segment; fetch it. */
export interface SegmentInfoOffer {
  readonly _tag: 'SegmentInfo';
  readonly port: number;
  /** 16 bytes that name the application's class of content. */
  readonly contentTag: Uint8Array;
  /** Of version 1; unchecked, see {@link segmentInOffer}. */
  readonly contentInformation: Uint8Array;
}

type OfferedHash = keyof typeof HASH_IDS;

/** A segment in a batch. The numbers are what the client says, unchecked. */
export interface OfferedSegment {
  readonly blockLength: number;
  readonly segmentLength: number;
  readonly contentTag: Uint8Array;
  /** `undefined`: an algorithm of unknown number. Such a segment is not fetched. */
  readonly hash: OfferedHash | undefined;
  readonly segmentId: Uint8Array;
}

/** BATCHED_OFFER, version 2: 1 to 128 segments of any version, without their secrets. */
export interface BatchedOffer {
  readonly _tag: 'BatchedOffer';
  readonly port: number;
  readonly segments: readonly OfferedSegment[];
}

export type Offer = InitialOffer | SegmentInfoOffer | BatchedOffer;

const TYPES: Readonly<Record<Offer['_tag'], number>> = { InitialOffer: 1, SegmentInfo: 2, BatchedOffer: 3 };
const TAGS = new Map(Object.entries(TYPES).map(([tag, type]) => [type, tag as Offer['_tag']]));
const MAJOR_VERSIONS: Readonly<Record<Offer['_tag'], number>> = {
  InitialOffer: 1,
  SegmentInfo: 1,
  BatchedOffer: 2,
};
const HASH_IDS = { sha256: 1, 'truncated-sha512': 4 } as const;
/** Whether a batch has a number for it. */
export const isOfferedHash = (hash: SegmentHash): hash is OfferedHash => hash in HASH_IDS;

const HASHES = new Map<number, OfferedHash>(
  Object.entries(HASH_IDS).map(([hash, id]) => [id, hash as OfferedHash]),
);

/** Most segments of a batch. */
export const MAX_OFFERED_SEGMENTS = 128;

const CONTENT_TAG_LENGTH = 16;
/** Bytes of an id, those of any hash; in a batch there is room for the shortest only. */
const ID_LENGTHS = new Set(Object.values(HASH_LENGTHS));
const BATCHED_ID_LENGTH = HASH_LENGTHS.sha256;

/** Message header and connection information, eight bytes each. */
const HEAD_LENGTH = 16;

/** Most bytes of an offer. */
export const MAX_OFFER_LENGTH = HEAD_LENGTH + CONTENT_TAG_LENGTH + LONGEST_OF_ONE_SEGMENT;

/** Writes the body of an HTTP request. */
export const encodeOffer = (offer: Offer): Buffer => {
  const head = Buffer.alloc(HEAD_LENGTH);
  head.writeUInt8(MAJOR_VERSIONS[offer._tag], 1);
  head.writeUInt16BE(TYPES[offer._tag], 2);
  head.writeUInt16BE(offer.port, 8);
  return Buffer.concat([head, ...bodyOf(offer)]);
};

const bodyOf = (offer: Offer): readonly Uint8Array[] => {
  switch (offer._tag) {
    case 'InitialOffer':
      return [offer.segmentId];
    case 'SegmentInfo':
      return [offer.contentTag, offer.contentInformation];
    case 'BatchedOffer':
      return offer.segments.flatMap(encodeSegment);
  }
};

const encodeSegment = (segment: OfferedSegment): readonly Uint8Array[] => [
  u32(segment.blockLength),
  u32(segment.segmentLength),
  Buffer.of(0, segment.contentTag.length),
  segment.contentTag,
  Buffer.of(segment.hash === undefined ? 0 : HASH_IDS[segment.hash]),
  segment.segmentId,
];

/** Reads the body of an HTTP request. The result shares memory with it. @throws MessageError */
export const decodeOffer = (bytes: Buffer): Offer => {
  if (bytes.length > MAX_OFFER_LENGTH) throw new MessageError(`offer of ${bytes.length} bytes`);
  const reader = new MessageReader(bytes);
  const minor = reader.u8();
  const major = reader.u8();
  const type = reader.u16();
  reader.take(4);
  const port = reader.u16();
  reader.take(6);
  const tag = TAGS.get(type);
  if (tag === undefined) throw new MessageError(`offer of type ${type}`);
  if (minor !== 0 || major !== MAJOR_VERSIONS[tag])
    throw new MessageError(`${tag} of version ${major}.${minor}`);
  if (port === 0) throw new MessageError('no port to fetch from');
  switch (tag) {
    case 'InitialOffer':
      return { _tag: tag, port, segmentId: readId(reader) };
    case 'SegmentInfo':
      return {
        _tag: tag,
        port,
        contentTag: reader.take(CONTENT_TAG_LENGTH),
        contentInformation: reader.take(reader.left),
      };
    case 'BatchedOffer':
      return { _tag: tag, port, segments: readSegments(reader) };
  }
};

const readId = (reader: MessageReader): Buffer => {
  const id = reader.take(reader.left);
  if (!ID_LENGTHS.has(id.length)) throw new MessageError(`segment id of ${id.length} bytes`);
  return id;
};

const readSegments = (reader: MessageReader): OfferedSegment[] => {
  const segments: OfferedSegment[] = [];
  while (reader.left > 0 || segments.length === 0) {
    if (segments.length === MAX_OFFERED_SEGMENTS) throw new MessageError('batch of too many segments');
    segments.push(readSegment(reader));
  }
  return segments;
};

const readSegment = (reader: MessageReader): OfferedSegment => {
  const blockLength = reader.u32();
  const segmentLength = reader.u32();
  const tagLength = reader.u16();
  if (tagLength !== CONTENT_TAG_LENGTH) throw new MessageError(`content tag of ${tagLength} bytes`);
  return {
    blockLength,
    segmentLength,
    contentTag: reader.take(CONTENT_TAG_LENGTH),
    hash: HASHES.get(reader.u8()),
    segmentId: reader.take(BATCHED_ID_LENGTH),
  };
};
