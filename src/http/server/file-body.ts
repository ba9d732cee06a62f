import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ByteSpan } from './byte-range.js';
import { asError } from '../../driver/errors.js';

const PIECE_BYTES = 256 * 1024;

/**
 * A span of an open file, which it closes. `verify` runs before the last piece leaves: if it rejects, the body ends as
 * an error, and the receiver is left with fewer bytes than it was told to expect.
 */
export class FileBody extends Readable {
  readonly #file: FileHandle;
  readonly #verify: () => Promise<void>;
  readonly #end: number;
  #at: number;

  constructor(file: FileHandle, { start, length }: ByteSpan, verify: () => Promise<void>) {
    super({ highWaterMark: PIECE_BYTES });
    this.#file = file;
    this.#verify = verify;
    this.#at = start;
    this.#end = start + length;
  }

  override _read(): void {
    this.#next().then(
      (piece) => this.push(piece),
      (error: unknown) => this.destroy(asError(error)),
    );
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    void this.#file
      .close()
      .catch(() => undefined)
      .then(() => callback(error));
  }

  async #next(): Promise<Uint8Array | null> {
    const wanted = Math.min(PIECE_BYTES, this.#end - this.#at);
    if (wanted === 0) return null;
    const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(wanted), 0, wanted, this.#at);
    if (bytesRead === 0) throw new Error('the file became shorter while it was sent');
    this.#at += bytesRead;
    if (this.#at === this.#end) await this.#verify();
    return buffer.subarray(0, bytesRead);
  }
}
