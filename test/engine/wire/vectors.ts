import { readFileSync } from 'node:fs';
import type { HashName, SegmentInfo } from '../../../src/engine/distribution/ports.js';
import {
  BLOCK_LENGTH,
  deriveServerKey,
  describeSegment,
  hashBlock,
  SEGMENT_LENGTH,
} from '../../../src/engine/distribution/wire/index.js';
import { cut } from './content.js';

export { cut, generateContent } from './content.js';

interface SegmentVector {
  readonly offset: number;
  readonly length: number;
  readonly blocks: number;
  readonly hod: string;
  readonly kp: string;
  readonly id: string;
  readonly block_hashes_sha256: string;
}

interface ContentVector {
  readonly size: number;
  readonly algorithm: HashName;
  readonly secret: string;
  readonly ks: string;
  readonly content_sha256: string;
  readonly ci_length: number;
  readonly ci_sha256: string;
  readonly ci_explicit_last: { readonly dwReadBytesInLastSegment: number; readonly ci_sha256: string };
  readonly segments: readonly SegmentVector[];
  readonly ci?: string;
}

interface RangeVector {
  readonly size: number;
  readonly start: number;
  readonly length: number;
  readonly dwOffsetInFirstSegment: number;
  readonly dwReadBytesInLastSegment: number;
  readonly cBlocks: readonly number[];
  readonly ci?: string;
  readonly ci_length: number;
  readonly ci_sha256: string;
  readonly oracle_ids: readonly string[];
}

interface ContentVectorV2 {
  readonly size: number;
  readonly ks: string;
  /** `fixed 65536`, or in words; then the lengths are listed. */
  readonly segmentation: string;
  readonly segment_lengths: readonly number[] | null;
  readonly segment_count: number;
  readonly ci_length: number;
  readonly ci_sha256: string;
  readonly ci?: string;
  readonly ids_sha256: string;
  readonly segments: readonly (Pick<SegmentVector, 'offset' | 'length' | 'hod' | 'kp' | 'id'> & {
    readonly index: number;
  })[];
}

interface RangeVectorV2 {
  readonly size: number;
  readonly start: number;
  readonly length: number;
  readonly ullStartInContent: number;
  readonly ullIndexOfFirstSegment: number;
  readonly dwOffsetInFirstSegment: number;
  readonly ullLengthOfRange: number;
  readonly ci: string;
  readonly oracle_ids: readonly string[];
}

interface WireVector {
  readonly hex: string | null;
  readonly length?: number;
  readonly sha256?: string;
}

interface Vectors {
  readonly meta: { readonly secrets: { readonly S1: { readonly hex: string } } };
  readonly v1: readonly ContentVector[];
  readonly v2: readonly ContentVectorV2[];
  readonly ranges_v1: readonly RangeVector[];
  readonly ranges_v2: readonly RangeVectorV2[];
  readonly zero_bytes: { readonly oracle_output: string };
  readonly pccrr: {
    readonly wire: Readonly<Record<string, WireVector>>;
    readonly segment_id: string;
    readonly segment_secret: string;
  };
  readonly pchc: {
    readonly wire: Readonly<
      Record<'INITIAL_OFFER' | 'SEGMENT_INFO (spec)' | 'BATCHED_OFFER', { readonly hex: string }> &
        Record<'RESPONSE OK' | 'RESPONSE INTERESTED', string>
    >;
    readonly key_export_file: {
      readonly secret: string;
      readonly passphrase: string;
      readonly file_hex: string;
    };
  };
}

/** Published examples and bytes that other implementations produced; test/fixtures says which. */
export const vectors = JSON.parse(
  readFileSync(new URL('../../fixtures/branchcache-vectors.json', import.meta.url), 'utf8'),
) as Vectors;

export const serverSecret = Buffer.from(vectors.meta.secrets.S1.hex, 'hex');

/** The segments of version 2 that a publisher with the vectors' secret makes of these pieces of a content. */
export const segmentsV2 = (pieces: readonly Buffer[]): SegmentInfo[] => {
  const hash = 'truncated-sha512';
  const serverKey = deriveServerKey(hash, serverSecret);
  return pieces.map((piece) =>
    describeSegment({ hash, serverKey, length: piece.length, blockHashes: [hashBlock(hash, piece)] }),
  );
};

/** The segments of version 1 that a publisher with the vectors' secret makes of `content`. */
export const publishedSegments = (hash: HashName, content: Buffer): SegmentInfo[] => {
  const serverKey = deriveServerKey(hash, serverSecret);
  return cut(content, SEGMENT_LENGTH).map((segment) =>
    describeSegment({
      hash,
      serverKey,
      length: segment.length,
      blockHashes: cut(segment, BLOCK_LENGTH).map((block) => hashBlock(hash, block)),
    }),
  );
};
