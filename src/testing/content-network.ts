import { createHash } from 'node:crypto';
import type { Cancel } from '../driver/index.js';
import { gapAt, runAt, type Coverage } from './coverage.js';

/** A driver as other drivers' reads see it. */
export interface ContentPeer {
  readonly name: string;
  /** Which bytes of a content it would serve now; none while its service is not available. */
  coverages(key: string): readonly Coverage[];
  /** Tells it that it has served a block. */
  served(key: string, block: number, bytes: number, to: string): void;
  /** How many contents with this key it has open. */
  readers(key: string): number;
}

export interface ContentSource {
  readonly peer: ContentPeer;
  readonly length: number;
}

/** The peers of one network and the bytes that the contents really consist of. */
export class ContentNetwork {
  /** How long a peer takes to answer, in milliseconds of the reading driver's clock. */
  latencyMs = 0;
  readonly #truth = new Map<string, Uint8Array>();
  readonly #peers = new Set<ContentPeer>();

  join(peer: ContentPeer): Cancel {
    this.#peers.add(peer);
    return () => void this.#peers.delete(peer);
  }

  /** Makes a content known. @returns its key; the same bytes have the same key. */
  learn(bytes: Uint8Array, version: number): string {
    const key = `${version}-${createHash('sha256').update(bytes).digest('hex')}`;
    this.#truth.set(key, Uint8Array.from(bytes));
    return key;
  }

  knows(key: string): boolean {
    return this.#truth.has(key);
  }

  /** A copy of bytes as they were published. */
  bytes(key: string, offset: number, length: number): Uint8Array {
    return (this.#truth.get(key) ?? new Uint8Array()).slice(offset, offset + length);
  }

  /** Who can serve the byte at `offset`, and how many from there. */
  sourceAt(key: string, offset: number): ContentSource | undefined {
    for (const peer of this.#peers)
      for (const coverage of peer.coverages(key)) {
        const length = runAt(coverage, offset);
        if (length > 0) return { peer, length };
      }
    return undefined;
  }

  /** How many bytes from `offset` on nobody can serve. */
  gapAt(key: string, offset: number): number {
    const gaps = [...this.#peers].flatMap((peer) =>
      peer.coverages(key).map((coverage) => gapAt(coverage, offset)),
    );
    return Math.min(Infinity, ...gaps);
  }

  /** Whether several readers want the same content now. */
  isCrowded(key: string): boolean {
    const readers = [...this.#peers].reduce((sum, peer) => sum + peer.readers(key), 0);
    return readers > 1;
  }
}
