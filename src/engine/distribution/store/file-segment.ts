import type { SegmentInfo, StoredSegment } from '../ports.js';
import { blockLength, hashBlock } from '../wire/index.js';
import type { BlockFile } from './block-file.js';
import { evenLayout } from './block-layout.js';
import type { ReadableFile } from './block-reads.js';
import { errorCode } from './disk.js';
import { hasBlock, type OpenSegment, type OpenSegments } from './open-segments.js';

/** How long a look at the disk is good for writing. What is written to a segment that was dropped since is lost. */
const WRITE_MS = 5;

/**
 * A segment on disk. The bytes of `blocks` are hints only: what is read is checked against the hash list that this
 * object was made with, so neither a crash, nor another process, nor a list that somebody else brought for the same
 * segment can make it hand out a wrong block. For the same reason nothing is ever flushed to the disk: what a power
 * loss takes away is found missing or damaged, and fetched again.
 */
export class FileSegment implements StoredSegment {
  readonly #idHex: string;
  readonly #segments: OpenSegments;
  #last: OpenSegment | undefined;
  #lookedMs = Date.now();
  /** Nothing can have happened since the look at the disk. */
  #isFresh = true;

  /** @param found what it was found as, if it was. */
  constructor(
    readonly info: SegmentInfo,
    segments: OpenSegments,
    found: OpenSegment | undefined,
  ) {
    this.#idHex = Buffer.from(info.id).toString('hex');
    this.#segments = segments;
    this.#last = found;
    queueMicrotask(() => (this.#isFresh = false));
  }

  /** As of the last look at the disk, which finding, reading and writing take. */
  has(index: number): boolean {
    return index < this.info.blockHashes.length && this.#last !== undefined && hasBlock(this.#last, index);
  }

  read(index: number): Promise<Buffer | undefined> {
    return this.#lend(index, (bytes) => Buffer.from(bytes), false);
  }

  lend<Result>(index: number, use: (bytes: Buffer) => Result): Promise<Result | undefined> {
    return this.#lend(index, use, true);
  }

  /** Keeps nothing if the segment was dropped from the store meanwhile. */
  async write(index: number, bytes: Uint8Array): Promise<void> {
    if (!(index in this.info.blockHashes) || bytes.length !== blockLength(this.info, index)) {
      throw new RangeError(`${bytes.length} bytes are not block ${index} of segment ${this.#idHex}`);
    }
    const now = Date.now();
    const isRecent = now - this.#lookedMs < WRITE_MS;
    if (!isRecent) this.#lookedMs = now;
    await this.#segments.use(
      this.#idHex,
      async (segment) => {
        this.#last = segment;
        await segment.writes.write(index, bytes);
        this.#segments.reads.forget(segment.data, index);
        segment.present[index] = 1;
      },
      isRecent ? this.#last : undefined,
    );
  }

  async #lend<Result>(
    index: number,
    use: (bytes: Buffer) => Result,
    trusting: boolean,
  ): Promise<Result | undefined> {
    const found = this.#isFresh ? this.#last : undefined;
    const used = await this.#segments.use(
      this.#idHex,
      (segment) => {
        this.#last = segment;
        return this.#lendFrom(segment, index, use, trusting);
      },
      found,
    );
    return used?.result;
  }

  async #lendFrom<Result>(
    segment: OpenSegment,
    index: number,
    use: (bytes: Buffer) => Result,
    trusting: boolean,
  ): Promise<{ readonly result: Result } | undefined> {
    if (!this.has(index)) return undefined;
    const isTrusted = trusting && this.#isDescribedAlike(segment, index);
    for (const file of segment.files) {
      if (!file.has(index)) continue;
      const lent =
        (await this.#lendIntact(file, index, use, isTrusted)) ??
        (await this.#lendAnew(file, index, use, isTrusted));
      if (lent !== undefined) return lent;
      file.forget(index);
    }
    return undefined;
  }

  /** What was read with its neighbours may be older than the block: another process may have written it since. */
  #lendAnew<Result>(
    file: BlockFile,
    index: number,
    use: (bytes: Buffer) => Result,
    isTrusted: boolean,
  ): Promise<{ readonly result: Result } | undefined> {
    this.#segments.reads.forget(file.fd, index);
    return this.#lendIntact(file, index, use, isTrusted);
  }

  /** `undefined` if the disk does not deliver the bytes that belong there. */
  async #lendIntact<Result>(
    file: BlockFile,
    index: number,
    use: (bytes: Buffer) => Result,
    isTrusted: boolean,
  ): Promise<{ readonly result: Result } | undefined> {
    const expected = this.info.blockHashes[index];
    try {
      return await this.#segments.reads.lend(this.#readable(file), index, (bytes, seen) => {
        if (isTrusted && seen !== undefined && file.trust.covers(index, seen)) return { result: use(bytes) };
        if (expected === undefined || !hashBlock(this.info.hash, bytes).equals(expected)) return undefined;
        if (isTrusted && seen !== undefined) file.trust.add(index, seen);
        return { result: use(bytes) };
      });
    } catch (error) {
      if (errorCode(error) === 'EIO') return undefined;
      throw error;
    }
  }

  #readable({ fd, start, has }: BlockFile): ReadableFile {
    return { fd, start, has, layout: evenLayout(this.info.length) };
  }

  /** Trust in a block is trust in the hash that the store has for it. */
  #isDescribedAlike({ info }: OpenSegment, index: number): boolean {
    const [ours, stored] = [this.info.blockHashes[index], info.blockHashes[index]];
    return ours !== undefined && stored !== undefined && Buffer.compare(ours, stored) === 0;
  }
}
