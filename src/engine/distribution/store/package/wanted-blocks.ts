import type { SegmentInfo } from '../../ports.js';
import { blockLength, hashCount, type ContentInformation } from '../../wire/index.js';
import { isRunName, nameOfSegment } from '../units/unit.js';

/** How much has not got into a package that should have. */
export interface MissingBlocks {
  readonly segments: number;
  readonly blocks: number;
}

/** The blocks that a package is to have, until it has them. */
export class WantedBlocks {
  readonly #named: ReadonlySet<string> | undefined;
  /** Of a content, by segment. */
  readonly #left = new Map<string, Set<number>>();
  /** How many of each unit; of all that is kept a list of the blocks would be too long. */
  readonly #leftOfUnits = new Map<string, number>();

  /** @param content left out: whatever is found. */
  constructor(content?: ContentInformation) {
    if (content === undefined) return;
    const { segments, range } = content;
    this.#named = new Set(segments.map(({ info }) => nameOfSegment(info.id)));
    for (const { info, offsetInContent } of segments) {
      let start = offsetInContent;
      for (let index = 0; index < hashCount(info); index += 1) {
        const end = start + blockLength(info, index);
        if (start < range.start + range.length && end > range.start) this.#add(info, index);
        start = end;
      }
    }
  }

  /** Whether a segment, and what is kept with it, belongs into the package. */
  includes(segment: SegmentInfo): boolean {
    return this.#named?.has(nameOfSegment(segment.id)) ?? true;
  }

  /** So many blocks of a unit are here, so that the package has to have them. What was named it has to have in any case. */
  found(unit: string, blocks: number): void {
    if (this.#named === undefined && blocks > 0) this.#leftOfUnits.set(unit, blocks);
  }

  /** A block is in the package. */
  exported(unit: string, segment: SegmentInfo, index: number): void {
    const leftOfUnit = (this.#leftOfUnits.get(unit) ?? 0) - 1;
    if (leftOfUnit > 0) this.#leftOfUnits.set(unit, leftOfUnit);
    else this.#leftOfUnits.delete(unit);
    const name = nameOfSegment(segment.id);
    const left = this.#left.get(name);
    left?.delete(index);
    if (left?.size === 0) this.#left.delete(name);
  }

  get missing(): MissingBlocks {
    let [segments, blocks] = [this.#left.size, 0];
    for (const left of this.#left.values()) blocks += left.size;
    for (const [unit, left] of this.#leftOfUnits) {
      segments += isRunName(unit) ? left : 1;
      blocks += left;
    }
    return { segments, blocks };
  }

  #add(segment: SegmentInfo, index: number): void {
    const name = nameOfSegment(segment.id);
    const left = this.#left.get(name);
    if (left === undefined) this.#left.set(name, new Set([index]));
    else left.add(index);
  }
}
