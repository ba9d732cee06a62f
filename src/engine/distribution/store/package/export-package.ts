import { createHash } from 'node:crypto';
import type { BlockSource, SegmentInfo } from '../../ports.js';
import { lengthOf } from '../units/block-layout.js';
import { encodeUnit } from '../units/unit-codec.js';
import { placeInUnit, unitOf } from '../units/unit.js';
import { END, ENTRY, FORMAT_VERSION, isSelfContained, MAGIC, NO_MORE } from './package-format.js';

/** What a package may be made of. */
export interface PackageSource extends BlockSource {
  /** Segments that are kept together. */
  readonly units: AsyncIterable<readonly SegmentInfo[]>;
}

/**
 * The bytes of a package with every block that `source` has, each checked against its hash on the way. What is evicted
 * meanwhile is left out, and so are segments of which not all block hashes are known.
 *
 * @param isWanted tells which segments; a unit goes with the first one.
 */
export async function* exportPackage(
  source: PackageSource,
  isWanted: (segment: SegmentInfo) => boolean = () => true,
): AsyncGenerator<Uint8Array> {
  const checksum = createHash('sha256');
  const seen = (bytes: Uint8Array): Uint8Array => {
    checksum.update(bytes);
    return bytes;
  };
  yield seen(Buffer.concat([MAGIC, Uint8Array.of(FORMAT_VERSION)]));
  let [entries, total] = [0, 0];
  for await (const segments of source.units) {
    if (!isSelfContained(segments) || !segments.some(isWanted)) continue;
    const unit = unitOf(segments);
    const blocks = Array.from({ length: unit.layout.count }, (_, block) => block).filter((block) => {
      const place = placeInUnit(unit, block);
      return place !== undefined && source.find(place.segment.id)?.has(place.index) === true;
    });
    if (blocks.length === 0) continue;
    const description = encodeUnit(unit);
    entries += 1;
    yield seen(Buffer.concat([Uint8Array.of(ENTRY), number32(description.length), description]));
    for (const block of blocks) {
      const place = placeInUnit(unit, block);
      const bytes = place && (await source.find(place.segment.id)?.read(place.index));
      // It may have been found meanwhile that it is as long as nobody said before.
      if (bytes?.length !== lengthOf(unit.layout, block)) continue;
      total += bytes.length;
      yield seen(number32(block));
      yield seen(bytes);
    }
    yield seen(number32(NO_MORE));
  }
  const end = Buffer.alloc(17);
  end.writeUInt8(END);
  end.writeBigUInt64BE(BigInt(entries), 1);
  end.writeBigUInt64BE(BigInt(total), 9);
  yield seen(end);
  yield checksum.digest();
}

const number32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
