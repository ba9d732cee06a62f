import { segmentName } from '../segment-name.js';

/** Blocks of which it is remembered to whom they were served, the latest ones. */
const MOST = 16_384;

/**
 * To whom which blocks were served. Clients offer only what they did not get from the cache: one that was served a block
 * and offers its segment then has got the block elsewhere, so what it was served was no good.
 */
export class LatelyServed {
  readonly #times = new Map<string, number>();

  note(host: string, segmentId: Uint8Array, block: number): void {
    const key = keyOf(host, segmentId, block);
    const times = (this.#times.get(key) ?? 0) + 1;
    this.#times.delete(key);
    this.#times.set(key, times);
    const [oldest] = this.#times.keys();
    if (this.#times.size > MOST && oldest !== undefined) this.#times.delete(oldest);
  }

  times(host: string, segmentId: Uint8Array, block: number): number {
    return this.#times.get(keyOf(host, segmentId, block)) ?? 0;
  }

  forget(host: string, segmentId: Uint8Array, block: number): void {
    this.#times.delete(keyOf(host, segmentId, block));
  }
}

const keyOf = (host: string, id: Uint8Array, block: number): string =>
  `${host} ${segmentName({ id })} ${block}`;
