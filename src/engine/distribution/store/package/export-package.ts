import { createHash } from 'node:crypto';
import type { ContentStore, SegmentInfo } from '../../ports.js';
import type { ContentInformation } from '../../wire/index.js';
import { lengthOf } from '../units/block-layout.js';
import { encodeUnit } from '../units/unit-codec.js';
import { placeInUnit, unitOf, type PlacedBlock, type Unit } from '../units/unit.js';
import { END, ENTRY, FORMAT_VERSION, isSelfContained, MAGIC, NO_MORE } from './package-format.js';
import { WantedBlocks } from './wanted-blocks.js';

/** What may be made a package of. */
export type PackageSource = Pick<ContentStore, 'find' | 'pin' | 'cache'>;

/** What an export did. */
export interface Exported {
  /** Of which something is in the package. */
  readonly segments: number;
  readonly blocks: number;
  /** Of those blocks. */
  readonly bytes: number;
  /**
   * What should be in it and is not: of a content, all that is not here; otherwise what was here when the export began and
   * has turned out damaged or was removed.
   */
  readonly missingSegments: number;
  readonly missingBlocks: number;
}

/** The bytes of a cache package. It is made as it is read, which can be done once. */
export interface CachePackage extends AsyncIterable<Uint8Array> {
  /** What went into it; final once it was read to its end. */
  readonly exported: Exported;
}

/**
 * A package with every block that `source` has, each checked against its hash on the way. What it is made of is not
 * evicted meanwhile. Segments of which not all block hashes are known are left out.
 *
 * @param content whose segments are wanted; a run of version 2 goes with the first one. Left out: all of them.
 */
export const exportPackage = (source: PackageSource, content?: ContentInformation): CachePackage =>
  new PackageOfStore(source, content);

class PackageOfStore implements CachePackage {
  readonly #source: PackageSource;
  readonly #wanted: WantedBlocks;
  readonly #checksum = createHash('sha256');
  #segments = 0;
  #blocks = 0;
  #bytes = 0;

  constructor(source: PackageSource, content: ContentInformation | undefined) {
    this.#source = source;
    this.#wanted = new WantedBlocks(content);
  }

  get exported(): Exported {
    const { segments, blocks } = this.#wanted.missing;
    return {
      segments: this.#segments,
      blocks: this.#blocks,
      bytes: this.#bytes,
      missingSegments: segments,
      missingBlocks: blocks,
    };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const pins: (() => Promise<void>)[] = [];
    try {
      for await (const unit of this.#units()) {
        pins.push(await this.#source.pin(unit.segments));
        this.#wanted.found(unit.name, this.#blocksOf(unit).length);
      }
      yield* this.#write();
    } finally {
      for (const unpin of pins) await unpin();
    }
  }

  async *#write(): AsyncGenerator<Uint8Array> {
    yield this.#seen(Buffer.concat([MAGIC, Uint8Array.of(FORMAT_VERSION)]));
    let entries = 0;
    for await (const unit of this.#units()) {
      const blocks = this.#blocksOf(unit);
      if (blocks.length === 0) continue;
      entries += 1;
      const description = encodeUnit(unit);
      yield this.#seen(Buffer.concat([Uint8Array.of(ENTRY), number32(description.length), description]));
      const written = new Set<SegmentInfo>();
      for (const { segment, index, block } of blocks) {
        const bytes = await this.#source.find(segment.id)?.read(index);
        // It may have been found meanwhile that it is as long as nobody said before.
        if (bytes?.length !== lengthOf(unit.layout, block)) continue;
        this.#blocks += 1;
        this.#bytes += bytes.length;
        written.add(segment);
        this.#wanted.exported(unit.name, segment, index);
        yield this.#seen(number32(block));
        yield this.#seen(bytes);
      }
      this.#segments += written.size;
      yield this.#seen(number32(NO_MORE));
    }
    const end = Buffer.alloc(17);
    end.writeUInt8(END);
    end.writeBigUInt64BE(BigInt(entries), 1);
    end.writeBigUInt64BE(BigInt(this.#bytes), 9);
    yield this.#seen(end);
    yield this.#checksum.digest();
  }

  /** Those that can go into the package, and are wanted. */
  async *#units(): AsyncGenerator<Unit> {
    for await (const segments of this.#source.cache.units()) {
      const isWanted = segments.some((segment) => this.#wanted.includes(segment));
      if (isWanted && isSelfContained(segments)) yield unitOf(segments);
    }
  }

  /** Those that seem to be here. */
  #blocksOf(unit: Unit): readonly (PlacedBlock & { readonly block: number })[] {
    return Array.from({ length: unit.layout.count }, (_, block) => block).flatMap((block) => {
      const place = placeInUnit(unit, block);
      const isHere = place !== undefined && this.#source.find(place.segment.id)?.has(place.index) === true;
      return isHere ? [{ block, segment: place.segment, index: place.index }] : [];
    });
  }

  #seen(bytes: Uint8Array): Uint8Array {
    this.#checksum.update(bytes);
    return bytes;
  }
}

const number32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
