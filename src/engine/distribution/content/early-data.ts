import { win32Fault } from '../../../driver/index.js';

/** Bytes at their place in the content. */
export interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Data that was added before the content information is complete, and so cannot be checked yet. */
export class EarlyData {
  #pieces: Piece[] = [];
  #length = 0;

  constructor(private readonly maxBytes: number) {}

  /** Takes a copy. */
  add(operation: string, offset: number, data: Uint8Array): void {
    if (this.#length + data.length > this.maxBytes) {
      throw win32Fault(operation, 'ERROR_NOT_ENOUGH_MEMORY', {
        reason: `at most ${this.maxBytes} bytes can wait for the content information`,
      });
    }
    this.#pieces.push({ offset, bytes: Uint8Array.from(data) });
    this.#length += data.length;
  }

  /** Hands everything over. */
  take(): readonly Piece[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#length = 0;
    return pieces;
  }
}
