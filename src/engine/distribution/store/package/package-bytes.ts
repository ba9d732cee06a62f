import { createHash } from 'node:crypto';
import { CachePackageError } from './package-error.js';

/** Takes bytes off a stream as they are asked for, with no more of them in memory than a piece of it and what is asked. */
export class PackageBytes {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  readonly #checksum = createHash('sha256');
  #rest: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#pieces =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** Exactly so many bytes, in memory of their own. @throws CachePackageError TRUNCATED */
  async take(length: number): Promise<Buffer> {
    const bytes = await this.#takeUncounted(length);
    this.#checksum.update(bytes);
    return bytes;
  }

  /** Whether the bytes that follow are the hash of all that were taken. */
  async isChecksumNext(): Promise<boolean> {
    const expected = this.#checksum.digest();
    return (await this.#takeUncounted(expected.length)).equals(expected);
  }

  async isOver(): Promise<boolean> {
    return this.#rest.length === 0 && !(await this.#more());
  }

  /** Lets the source go. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #takeUncounted(length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length);
    for (let taken = 0; taken < length;) {
      if (this.#rest.length === 0 && !(await this.#more())) {
        throw new CachePackageError('TRUNCATED', 'the package ends too early');
      }
      const piece = this.#rest.subarray(0, length - taken);
      bytes.set(piece, taken);
      taken += piece.length;
      this.#rest = this.#rest.subarray(piece.length);
    }
    return bytes;
  }

  async #more(): Promise<boolean> {
    for (;;) {
      const next = await this.#pieces.next();
      if (next.done === true) return false;
      this.#rest = next.value;
      if (this.#rest.length > 0) return true;
    }
  }
}
