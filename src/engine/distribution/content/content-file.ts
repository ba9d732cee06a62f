import type { FilePlace, FilledFile } from '../ports.js';
import type { NumberedBlock } from './block-window.js';
import type { ContentMap, SegmentRun } from './content-map.js';

/** The file that gets a content while it is read. It begins where the content, or the described range of it, begins. */
export class ContentFile {
  readonly #map: ContentMap;
  readonly #file: FilledFile;
  /** One byte per block, 1 if all of it is in the file. */
  readonly #isIn: Uint8Array;
  #failure: { readonly cause: unknown } | undefined;

  constructor(map: ContentMap, file: FilledFile) {
    this.#map = map;
    this.#file = file;
    this.#isIn = new Uint8Array(map.blockAfter(map.describedEnd));
  }

  /** Where a run lies if it can lie in the file, which has nothing of what is outside of the range. */
  placeOf({ segments }: SegmentRun): FilePlace | undefined {
    const [first, last] = [segments[0], segments.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    const { start, end } = this.#map;
    if (first.offsetInContent < start || last.offsetInContent + last.info.length > end) return undefined;
    return { file: this.#file, start: first.offsetInContent - start };
  }

  /** Blocks of a run were written. @param where the run lies. */
  note(run: SegmentRun, where: FilePlace | undefined, blocks: readonly Pick<NumberedBlock, 'block'>[]): void {
    const place = this.placeOf(run);
    if (where === undefined || where.file !== place?.file || where.start !== place.start) return;
    for (const { block } of blocks) this.#isIn[block] = 1;
  }

  /** Puts blocks there that are not. It never rejects; see {@link throwIfFailed}. */
  async put(blocks: readonly NumberedBlock[]): Promise<void> {
    const missing = blocks.filter(({ block }) => this.#isIn[block] !== 1);
    await Promise.all(
      missing.map(async ({ block, bytes }) => {
        if (await this.putBytes(this.#map.startOf(block), bytes)) this.#isIn[block] = 1;
      }),
    );
  }

  /** The same for any bytes of the content. @returns whether they are there. */
  async putBytes(offset: number, bytes: Uint8Array): Promise<boolean> {
    const { start, end } = this.#map;
    const from = Math.max(offset, start);
    const to = Math.min(offset + bytes.length, end);
    if (from >= to || this.#hasAll(from, to)) return true;
    try {
      await this.#file.write(bytes.subarray(from - offset, to - offset), from - start);
      return true;
    } catch (cause) {
      this.#failure ??= { cause };
      return false;
    }
  }

  /** Throws the system's error if something could not be put there. */
  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.cause;
  }

  /** Call it when nothing is on the way there. */
  async finish(): Promise<void> {
    this.throwIfFailed();
    await this.#file.finish();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #hasAll(from: number, to: number): boolean {
    const last = this.#map.blockAfter(to);
    for (let block = this.#map.blockAt(from); block < last; block += 1) {
      if (this.#isIn[block] !== 1) return false;
    }
    return true;
  }
}
