import type { AdoptedSegments, ContentStore } from '../../ports.js';
import { hashBlock } from '../../wire/index.js';
import { lengthOf } from '../units/block-layout.js';
import { placeInUnit, type Unit } from '../units/unit.js';
import { PackageBytes } from './package-bytes.js';
import { CachePackageError } from './package-error.js';
import {
  decodeDescription,
  END,
  ENTRY,
  FORMAT_VERSION,
  MAGIC,
  MAX_DESCRIPTION_LENGTH,
  NO_MORE,
} from './package-format.js';

/** What an import did. */
export interface Imported {
  readonly segments: number;
  /** That were stored. */
  readonly bytes: number;
  /** That were here before. */
  readonly bytesHere: number;
}

type Target = Pick<ContentStore, 'adoptAll' | 'pin'>;

/**
 * Stores the blocks of a package, each after it was checked against its hash, on behalf of `tag`. Of a package that turns
 * out damaged what came before the damage is kept: every block of it was checked.
 *
 * @throws CachePackageError, what the source throws, what the store rejects with.
 */
export const importPackage = async (
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  store: Target,
  tag: Uint8Array,
): Promise<Imported> => {
  const bytes = new PackageBytes(source);
  try {
    await readHead(bytes);
    const imported = { segments: 0, bytes: 0, bytesHere: 0 };
    for (let entries = 0; ; entries += 1) {
      const kind = (await bytes.take(1)).readUInt8();
      if (kind === END) {
        await readEnd(bytes, entries, imported.bytes + imported.bytesHere);
        return imported;
      }
      if (kind !== ENTRY) throw new CachePackageError('MALFORMED', `an entry of the unknown kind ${kind}`);
      const unit = await readDescription(bytes);
      const added = await importUnit(bytes, unit, store, tag);
      imported.segments += unit.segments.length;
      imported.bytes += added.bytes;
      imported.bytesHere += added.bytesHere;
    }
  } finally {
    await bytes.close();
  }
};

const readHead = async (bytes: PackageBytes): Promise<void> => {
  const magic = await bytes.take(MAGIC.length);
  if (!magic.equals(MAGIC)) throw new CachePackageError('NOT_A_PACKAGE', 'this is no cache package');
  const version = (await bytes.take(1)).readUInt8();
  if (version === FORMAT_VERSION) return;
  throw new CachePackageError(
    'UNKNOWN_VERSION',
    `a package of version ${version}; ${FORMAT_VERSION} is known`,
  );
};

const readDescription = async (bytes: PackageBytes): Promise<Unit> => {
  const length = (await bytes.take(4)).readUInt32BE();
  if (length <= MAX_DESCRIPTION_LENGTH) return decodeDescription(await bytes.take(length));
  throw new CachePackageError('MALFORMED', `a description of ${length} bytes`);
};

const importUnit = async (
  bytes: PackageBytes,
  unit: Unit,
  store: Target,
  tag: Uint8Array,
): Promise<Omit<Imported, 'segments'>> => {
  const added = { bytes: 0, bytesHere: 0 };
  const unpin = await store.pin(unit.segments);
  try {
    let stored: AdoptedSegments | undefined;
    for (let least = 0; ; least += 1) {
      const block = (await bytes.take(4)).readUInt32BE();
      if (block === NO_MORE) return added;
      if (block < least) throw new CachePackageError('MALFORMED', 'blocks that are not in their order');
      least = block;
      // Not before: an entry without any block makes nothing.
      stored ??= await store.adoptAll(unit.segments, tag);
      const isNew = await importBlock(bytes, unit, block, stored);
      added[isNew ? 'bytes' : 'bytesHere'] += lengthOf(unit.layout, block);
    }
  } finally {
    await unpin();
  }
};

/** @returns whether it was not here yet. */
const importBlock = async (
  source: PackageBytes,
  unit: Unit,
  block: number,
  stored: AdoptedSegments,
): Promise<boolean> => {
  const place = placeInUnit(unit, block);
  const expected = place?.segment.blockHashes[place.index];
  if (place === undefined || expected === undefined) {
    throw new CachePackageError('MALFORMED', `block ${block} of ${unit.layout.count}`);
  }
  const bytes = await source.take(lengthOf(unit.layout, block));
  if (!hashBlock(place.segment.hash, bytes).equals(expected)) {
    throw new CachePackageError('WRONG_BYTES', 'a block does not match its hash');
  }
  const { index } = place;
  const segment = unit.segments.indexOf(place.segment);
  if (stored.has(segment, index)) return false;
  await stored.writeAll([{ segment, index, bytes }]);
  return true;
};

const readEnd = async (bytes: PackageBytes, entries: number, total: number): Promise<void> => {
  const counts = await bytes.take(16);
  if (counts.readBigUInt64BE(0) !== BigInt(entries) || counts.readBigUInt64BE(8) !== BigInt(total)) {
    throw new CachePackageError('MALFORMED', 'not as many entries and bytes as the end says');
  }
  if (!(await bytes.isChecksumNext())) {
    throw new CachePackageError('WRONG_CHECKSUM', 'the package is damaged');
  }
  if (!(await bytes.isOver())) {
    throw new CachePackageError('TRAILING_DATA', 'there is something behind the end');
  }
};
