import { hostOf } from '../../../driver/host-and-port.js';

interface Found {
  readonly host: string;
  /** How many of its host were known before it. */
  readonly rank: number;
  until: number;
}

/**
 * The peers of one segment, so many at most. The first of each host come before the second of any: a machine that tells
 * of hundreds of its ports, none of which may answer, neither has its own asked before others nor takes their places.
 */
export class FoundPeers {
  readonly #most: number;
  /** By rank, and then in the order they were told. */
  #peers = new Map<string, Found>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#peers.size;
  }

  /** @param until when it is forgotten. @returns whether there was a place for it. */
  add(peer: string, until: number): boolean {
    const known = this.#peers.get(peer);
    if (known !== undefined) {
      known.until = until;
      return true;
    }
    const host = hostOf(peer);
    const rank = [...this.#peers.values()].filter((other) => other.host === host).length;
    if (this.#peers.size >= this.#most) {
      const [last, { rank: most }] = [...this.#peers].at(-1) ?? ['', { rank }];
      if (most <= rank) return false;
      this.#peers.delete(last);
    }
    const before = [...this.#peers].filter(([, other]) => other.rank <= rank);
    const behind = [...this.#peers].filter(([, other]) => other.rank > rank);
    this.#peers = new Map([...before, [peer, { host, rank, until }], ...behind]);
    return true;
  }

  /** Those that are not to be forgotten yet. */
  fresh(isAhead: (until: number) => boolean): readonly string[] {
    for (const [peer, { until }] of this.#peers) if (!isAhead(until)) this.#peers.delete(peer);
    return [...this.#peers.keys()];
  }
}
