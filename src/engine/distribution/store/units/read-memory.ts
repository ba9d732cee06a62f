import { releaseBytes } from '../../release-bytes.js';

const SMALLEST = 64 * 1024;

/** Memory that is used again: collecting what was read took a fifth of a transfer. Sizes are powers of two. */
export class ReadMemory {
  readonly #mostKept: number;
  /** What has waited longest first. */
  readonly #free: Buffer[] = [];
  #kept = 0;

  /** @param mostKept bytes that wait for their next use. */
  constructor(mostKept: number) {
    this.#mostKept = mostKept;
  }

  /** At least `length` bytes of anything, and fewer than four times as many if it is not little. */
  take(length: number): Buffer {
    const size = Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(length)));
    const at = this.#free.findIndex((piece) => piece.length === size || piece.length === 2 * size);
    const [found] = at < 0 ? [] : this.#free.splice(at, 1);
    this.#kept -= found?.length ?? 0;
    return found ?? Buffer.allocUnsafeSlow(size);
  }

  /**
   * Nobody looks at it any more. Where too much waits already, what has waited longest goes back to the system at once:
   * left to the collector, it would be there for long.
   */
  giveBack(memory: Buffer): void {
    this.#free.push(memory);
    this.#kept += memory.length;
    while (this.#kept > this.#mostKept) {
      const oldest = this.#free.shift();
      if (oldest === undefined) return;
      this.#kept -= oldest.length;
      releaseBytes(oldest);
    }
  }
}
