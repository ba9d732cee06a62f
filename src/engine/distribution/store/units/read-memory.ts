const SMALLEST = 64 * 1024;

/** Memory that is used again: collecting what was read took a fifth of a transfer. Sizes are powers of two. */
export class ReadMemory {
  readonly #mostKept: number;
  readonly #free = new Map<number, Buffer[]>();
  #kept = 0;

  /** @param mostKept bytes that wait for their next use. */
  constructor(mostKept: number) {
    this.#mostKept = mostKept;
  }

  /** At least `length` bytes of anything. */
  take(length: number): Buffer {
    const size = Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(length)));
    const free = this.#free.get(size)?.pop();
    this.#kept -= free?.length ?? 0;
    return free ?? Buffer.allocUnsafeSlow(size);
  }

  /** Nobody looks at it any more. */
  giveBack(memory: Buffer): void {
    if (this.#kept + memory.length > this.#mostKept) return;
    this.#kept += memory.length;
    const free = this.#free.get(memory.length);
    if (free === undefined) this.#free.set(memory.length, [memory]);
    else free.push(memory);
  }
}
