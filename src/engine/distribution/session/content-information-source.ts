import type { Held } from './handle-table.js';

/** What is asked for at a time, usually: then nothing is copied twice. */
const PART_LENGTH = 64 * 1024;

/** Content information that is being handed out, behind a content-information handle. */
export class ContentInformationSource implements Held {
  readonly #pieces: Iterator<Uint8Array, void>;
  /** What is left of the piece that was taken last. */
  #rest: Uint8Array = new Uint8Array(0);
  /** An iterator that has failed says that it is at its end when it is asked again. */
  #failure: { readonly error: unknown } | undefined;

  /** @param pieces made as they are asked for; each needs to be good no longer than until the next one is. */
  constructor(pieces: Iterable<Uint8Array, void>) {
    this.#pieces = pieces[Symbol.iterator]();
  }

  /** The next bytes, `maxBytes` unless the end comes before; none at the end. */
  next(maxBytes: number): Uint8Array {
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      return this.#take(maxBytes);
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  release(): Promise<void> {
    this.#pieces.return?.();
    return Promise.resolve();
  }

  #take(maxBytes: number): Uint8Array {
    const parts: Uint8Array[] = [];
    let part = new Uint8Array(Math.min(maxBytes, PART_LENGTH));
    let [length, filled] = [0, 0];
    while (length < maxBytes && this.#hasRest()) {
      if (filled === part.length) {
        parts.push(part);
        part = new Uint8Array(Math.min(maxBytes - length, PART_LENGTH));
        filled = 0;
      }
      const taken = this.#rest.subarray(0, part.length - filled);
      this.#rest = this.#rest.subarray(taken.length);
      part.set(taken, filled);
      filled += taken.length;
      length += taken.length;
    }
    return joined(parts, part.subarray(0, filled));
  }

  /** Takes the next piece when there is nothing left of the one before. */
  #hasRest(): boolean {
    while (this.#rest.length === 0) {
      const next = this.#pieces.next();
      if (next.done === true) return false;
      this.#rest = next.value;
    }
    return true;
  }
}

/** In memory of its own. */
const joined = (parts: readonly Uint8Array[], last: Uint8Array): Uint8Array => {
  const isAlone = parts.length === 0 && last.length === last.buffer.byteLength;
  return isAlone ? last : Uint8Array.from(Buffer.concat([...parts, last]));
};
