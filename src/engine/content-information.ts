import { isUint8Array } from 'node:util/types';
import type { Segmentation } from '../driver/index.js';
import { HASH_NAMES, type HashName, type SegmentInfo } from './distribution/ports.js';
import {
  createSegmentCutter,
  DEFAULT_SEGMENTATION,
  FixedSizeCutter,
  type SegmentCutter,
} from './distribution/segmentation/index.js';
import {
  BLOCK_LENGTH,
  BLOCKS_PER_SEGMENT,
  type ByteRange,
  contentInformationOf,
  deriveServerKey,
  describeSegment,
  encodeContentInformation,
  hashBlock,
  MAX_SEGMENT_LENGTH_V2,
} from './distribution/wire/index.js';

interface CommonOptions {
  /** The server secret. Publishers that share it produce the same segment ids. */
  readonly secret: Uint8Array;
  /** Part of the content to describe; all of it by default. */
  readonly range?: ByteRange | undefined;
}

interface Version1Options extends CommonOptions {
  readonly version?: 1 | undefined;
  /** SHA-256 by default: Windows clients retrieve no other. */
  readonly hash?: HashName | undefined;
}

interface Version2Options extends CommonOptions {
  readonly version: 2;
  /** `fastcdc` by default. */
  readonly segmentation?: Segmentation | undefined;
}

/** What {@link makeContentInformation} describes, in which version, and with which keys. Version 1 by default. */
export type MakeContentInformationOptions = Version1Options | Version2Options;

type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Makes content information without publishing anything: for a file that is served from somewhere else.
 *
 * Version 1 is for every client from Windows 7 on, version 2 from Windows 8 on; with that a client that has a former
 * version of the content needs only what has changed. Reads the pieces once, in order, and keeps only hashes: 32 bytes
 * for each block of 64 KiB with SHA-256, or 96 for each segment of 76 KiB in the mean. What the pieces throw is thrown
 * on. Source: MS-PCCRC 2.2, 2.3, 2.4.
 *
 * @throws RangeError for empty content or a range outside of it, TypeError for options and pieces that are none.
 *
 * @example
 * ```ts
 * import { makeContentInformation } from 'peerweave/engine';
 *
 * const secret = Buffer.from('no more secrets');
 * const information = await makeContentInformation([Buffer.from('hello')], { secret });
 * console.log(information.length); // 134 bytes: one segment with one block
 * const version2 = await makeContentInformation([Buffer.from('hello')], { secret, version: 2 });
 * console.log(version2.length); // 104 bytes: one segment
 * ```
 */
export const makeContentInformation = async (
  pieces: Pieces,
  options: MakeContentInformationOptions,
): Promise<Uint8Array> => {
  requireOptions(options);
  const segments =
    options.version === 2
      ? await segmentsOfVersion2(pieces, options)
      : await segmentsOfVersion1(pieces, options);
  return encodeContentInformation(contentInformationOf(segments, options.range));
};

const requireOptions = (options: unknown): void => {
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  const { secret, version = 1, hash = 'sha256', segmentation = DEFAULT_SEGMENTATION, range } = given;
  if (!isUint8Array(secret)) throw wrong('secret must be a Uint8Array');
  if (version !== 1 && version !== 2) throw wrong('version must be 1 or 2');
  if (version === 2 && given['hash'] !== undefined) throw wrong('version 2 has no hash to choose');
  if (!HASH_NAMES.includes(hash as HashName)) throw wrong(`hash must be one of ${HASH_NAMES.join(', ')}`);
  if (version === 1 && given['segmentation'] !== undefined)
    throw wrong('version 1 has no segmentation to choose');
  if (segmentation !== 'fastcdc' && segmentation !== 'fixed')
    throw wrong("segmentation must be 'fastcdc' or 'fixed'");
  const { start, length } = (range ?? { start: 0, length: 0 }) as Readonly<Record<string, unknown>>;
  if (![start, length].every((bound) => Number.isSafeInteger(bound))) {
    throw wrong('range must have a start and a length that are whole numbers');
  }
};

const wrong = (what: string): TypeError => new TypeError(`makeContentInformation: ${what}`);

const segmentsOfVersion1 = async (
  pieces: Pieces,
  { secret, hash = 'sha256' }: Version1Options,
): Promise<SegmentInfo[]> => {
  const serverKey = deriveServerKey(hash, secret);
  const blocks: { readonly length: number; readonly digest: Uint8Array }[] = [];
  for await (const block of cutInto(pieces, new FixedSizeCutter(BLOCK_LENGTH), BLOCK_LENGTH)) {
    blocks.push({ length: block.length, digest: hashBlock(hash, block) });
  }
  return Array.from({ length: Math.ceil(blocks.length / BLOCKS_PER_SEGMENT) }, (_, index) => {
    const own = blocks.slice(index * BLOCKS_PER_SEGMENT, (index + 1) * BLOCKS_PER_SEGMENT);
    return describeSegment({
      hash,
      serverKey,
      length: own.reduce((sum, { length }) => sum + length, 0),
      blockHashes: own.map(({ digest }) => digest),
    });
  });
};

const segmentsOfVersion2 = async (
  pieces: Pieces,
  { secret, segmentation = DEFAULT_SEGMENTATION }: Version2Options,
): Promise<SegmentInfo[]> => {
  const hash = 'truncated-sha512';
  const serverKey = deriveServerKey(hash, secret);
  const segments: SegmentInfo[] = [];
  for await (const segment of cutInto(pieces, createSegmentCutter(segmentation), MAX_SEGMENT_LENGTH_V2)) {
    const blockHashes = [hashBlock(hash, segment)];
    segments.push(describeSegment({ hash, serverKey, length: segment.length, blockHashes }));
  }
  return segments;
};

/** The runs of at most `longest` bytes that `cutter` makes of the pieces. Each is valid until the next is asked for. */
async function* cutInto(pieces: Pieces, cutter: SegmentCutter, longest: number): AsyncGenerator<Uint8Array> {
  const run = new Uint8Array(longest);
  let filled = 0;
  for await (const piece of pieces) {
    if (!isUint8Array(piece)) throw wrong('pieces must be Uint8Arrays');
    for (let rest = piece; rest.length > 0;) {
      const end = cutter.cut(rest);
      const part = rest.subarray(0, end);
      run.set(part, filled);
      filled += part.length;
      rest = rest.subarray(part.length);
      if (end !== undefined) {
        yield run.subarray(0, filled);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield run.subarray(0, filled);
}
