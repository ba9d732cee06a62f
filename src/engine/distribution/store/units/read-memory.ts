import { releaseBytes } from '../../release-bytes.js';

const SMALLEST = 64 * 1024;

/** Memory that is used again: collecting what was read took a fifth of a transfer. Sizes are powers of two. */
export class ReadMemory {
  readonly #mostKept: number;
  /** The smallest pieces first. */
  #free: readonly Buffer[] = [];
  #kept = 0;

  /** @param mostKept bytes that wait for their next use. */
  constructor(mostKept: number) {
    this.#mostKept = mostKept;
  }

  /** At least `length` bytes of anything. */
  take(length: number): Buffer {
    const size = Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(length)));
    const found = this.#free.find((piece) => piece.length >= size);
    if (found === undefined) return Buffer.allocUnsafeSlow(size);
    this.#free = this.#free.filter((piece) => piece !== found);
    this.#kept -= found.length;
    return found;
  }

  /**
   * Nobody looks at it any more. Where too much waits already the smallest pieces go back to the system at once: left to
   * the collector, they would be there for long.
   */
  giveBack(memory: Buffer): void {
    this.#free = [...this.#free, memory].sort((one, other) => one.length - other.length);
    this.#kept += memory.length;
    while (this.#kept > this.#mostKept) {
      const [smallest, ...others] = this.#free;
      if (smallest === undefined) return;
      this.#free = others;
      this.#kept -= smallest.length;
      releaseBytes(smallest);
    }
  }
}
