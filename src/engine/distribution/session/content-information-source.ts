import type { Held } from './handle-table.js';

/** Content information that is being handed out, behind a content-information handle. */
export class ContentInformationSource implements Held {
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** The next bytes, `maxBytes` at most; none at the end. */
  next(maxBytes: number): Uint8Array {
    const piece = Uint8Array.from(this.bytes.subarray(this.#at, this.#at + maxBytes));
    this.#at += piece.length;
    return piece;
  }

  release(): Promise<void> {
    return Promise.resolve();
  }
}
