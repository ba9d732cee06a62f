import { bytesInMemory, viewOf, type ByteSource } from './byte-source.js';
import type { ContentInformation, DescribedContent } from './content-information.js';
import type { PlacedSegment } from './placed-segment.js';
import { ContentInformationError, malformed } from './content-information-error.js';
import { longestV1, parseV1, V1_HEADER_LENGTH } from './content-information-v1.js';
import { longestV2, parseV2, V2_HEADER_LENGTH } from './content-information-v2.js';

/**
 * The longest content information read, whatever it says about itself: enough for 128 GiB with SHA-256, and in version
 * 2 for 61 GiB in segments of 64 KiB.
 */
export const MAX_CONTENT_INFORMATION_LENGTH = 64 * 1024 * 1024;

interface Version {
  readonly headerLength: number;
  /** The most bytes that content information with this header can have. */
  longest(header: Buffer): number;
  parse(source: ByteSource): DescribedContent;
}

const VERSION_1: Version = {
  headerLength: V1_HEADER_LENGTH,
  longest: longestV1,
  parse: parseV1,
};
const VERSION_2: Version = { headerLength: V2_HEADER_LENGTH, longest: longestV2, parse: parseV2 };

/**
 * The most bytes that content information beginning with `prefix` may have; for a reader that receives it piece by
 * piece and must not collect more. It gets tighter as soon as the header is there.
 *
 * @throws ContentInformationError as soon as the prefix shows that it cannot be read at all.
 */
export const contentInformationLengthLimit = (prefix: Uint8Array): number => {
  const bytes = Buffer.from(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const version = versionIn(bytes);
  return version === undefined || bytes.length < version.headerLength
    ? MAX_CONTENT_INFORMATION_LENGTH
    : Math.min(MAX_CONTENT_INFORMATION_LENGTH, version.longest(bytes));
};

/**
 * Reads content information of version 1 or 2: hash, range, segments with their ids, secrets and block hashes.
 *
 * Use it to look at what a publisher gave; `retrieve` does so by itself. Strict: what cannot be right is refused, and
 * 64 MiB at most are read. The result shares memory with `bytes`, which must not change any more. Source: MS-PCCRC 2.3,
 * 2.4.
 *
 * @throws ContentInformationError and nothing else, whatever the bytes are.
 *
 * @example
 * ```ts
 * import { makeContentInformation, parseContentInformation } from 'peerweave/engine';
 *
 * const bytes = await makeContentInformation([Buffer.alloc(100_000)], { secret: Buffer.from('secret') });
 * const { hash, range, segments } = parseContentInformation(bytes);
 * console.log(hash, range, segments[0]?.info.blockHashes.length); // sha256 { start: 0, length: 100000 } 2
 * ```
 */
export const parseContentInformation = (bytes: Uint8Array): ContentInformation => {
  const described = readContentInformation(bytesInMemory(bytes));
  let segments: readonly PlacedSegment[] | undefined;
  return {
    ...described,
    // Whoever asks how long the content is does not need them.
    get segments() {
      return (segments ??= [...described.segments]);
    },
  };
};

/** The same without an object for each segment, for contents of any size, from wherever it lies. */
export const readContentInformation = (source: ByteSource): DescribedContent => {
  const { length } = source;
  if (length > MAX_CONTENT_INFORMATION_LENGTH) {
    throw malformed(`${length} bytes are more than ${MAX_CONTENT_INFORMATION_LENGTH}`);
  }
  const version = versionIn(viewOf(source, 0, 2));
  if (version === undefined) throw malformed(`${length} bytes are too few for its header`);
  return version.parse(source);
};

/** In both versions the first byte is the minor and the second the major version. `undefined`: they are not there. */
const versionIn = (bytes: Buffer): Version | undefined => {
  const [minor, major] = bytes;
  if (minor === undefined || major === undefined) return undefined;
  if (minor === 0 && major === 1) return VERSION_1;
  if (minor === 0 && major === 2) return VERSION_2;
  throw new ContentInformationError(
    'version-unsupported',
    `this is no content information, or of version ${major}.${minor}, which cannot be read`,
  );
};
