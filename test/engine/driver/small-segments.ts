import {
  contentInformationOf,
  deriveServerKey,
  describeSegment,
  encodeContentInformation,
  hashBlock,
} from '../../../src/engine/distribution/wire/index.js';

/** Segments so small that what describes them is more than is held in memory. */
export const SMALL = 600;
export const SMALL_SEGMENTS = 18_000;

/** Content information of them; what is no such block will never be found. */
export const describeSmall = (blockAt: (index: number) => Buffer): Buffer => {
  const hash = 'truncated-sha512';
  const serverKey = deriveServerKey(hash, Buffer.from('a secret'));
  const segments = Array.from({ length: SMALL_SEGMENTS }, (_, index) =>
    describeSegment({ hash, serverKey, length: SMALL, blockHashes: [hashBlock(hash, blockAt(index))] }),
  );
  return encodeContentInformation(contentInformationOf(segments));
};
