import { win32Fault } from '../../../driver/index.js';
import { hashBlock } from '../wire/index.js';
import type { ContentMap } from './content-map.js';
import type { LocalBlocks } from './local-blocks.js';
import { isWhole, withPiece, type PartialBlock } from './partial-block.js';

interface Changes {
  /** Whole blocks that match their hashes. */
  readonly verified: Map<number, Uint8Array>;
  readonly partial: Map<number, PartialBlock>;
}

/** Takes in bytes from the origin: whole blocks are checked and kept in the cache, pieces wait here for the rest. */
export class AddedData {
  readonly #partial = new Map<number, PartialBlock>();

  constructor(
    private readonly map: ContentMap,
    private readonly local: LocalBlocks,
    /** Most blocks of which only pieces are here. */
    private readonly maxPartialBlocks: number,
  ) {}

  /**
   * Keeps all of `data` or, if any block in it is wrong, nothing.
   *
   * @returns the blocks that are whole now.
   */
  async add(operation: string, offset: number, data: Uint8Array): Promise<readonly number[]> {
    if (offset + data.length > this.map.describedEnd) {
      throw win32Fault(operation, 'PEERDIST_ERROR_OUT_OF_BOUNDS', {
        reason: `bytes up to ${offset + data.length} in a content known up to ${this.map.describedEnd}`,
      });
    }
    const { verified, partial } = this.#examine(operation, offset, data);
    const newPartial = [...partial.keys()].filter((block) => !this.#partial.has(block));
    if (this.#partial.size + newPartial.length > this.maxPartialBlocks) {
      throw win32Fault(operation, 'ERROR_NOT_ENOUGH_MEMORY', {
        reason: `more than ${this.maxPartialBlocks} blocks of which only pieces were added`,
      });
    }
    for (const [block, piece] of partial) this.#partial.set(block, piece);
    await this.local.write([...verified].map(([block, bytes]) => ({ block, bytes })));
    for (const block of verified.keys()) this.#partial.delete(block);
    return [...verified.keys()];
  }

  #examine(operation: string, offset: number, data: Uint8Array): Changes {
    const changes: Changes = { verified: new Map(), partial: new Map() };
    const end = offset + data.length;
    const after = data.length === 0 ? 0 : this.map.blockAfter(end);
    for (let block = this.map.blockAt(offset); block < after; block += 1) {
      const place = this.map.find(block);
      // What has no hash cannot be checked, and what is here is known already.
      if (place === undefined || this.local.has(block)) continue;
      const start = this.map.startOf(block);
      const length = this.map.lengthOf(block);
      const from = Math.max(offset, start);
      const piece = data.subarray(from - offset, Math.min(end, start + length) - offset);
      const merged =
        piece.length === length
          ? undefined
          : withPiece(this.#partial.get(block), length, from - start, piece);
      if (merged !== undefined && !isWhole(merged)) {
        changes.partial.set(block, merged);
        continue;
      }
      const whole = merged?.bytes ?? piece;
      if (!hashBlock(this.map.hash, whole).equals(place.hash)) {
        // Which of its pieces is the wrong one cannot be told.
        this.#partial.delete(block);
        throw win32Fault(operation, 'ERROR_INVALID_DATA', {
          reason: `bytes ${start} to ${start + length} do not match the content information`,
        });
      }
      changes.verified.set(block, whole);
    }
    return changes;
  }
}
