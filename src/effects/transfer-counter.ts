import type { ContentHandle, DistributionEvent } from '../driver/index.js';
import type { ContentPiece } from './read-content.js';

/** Where the bytes of this content came from so far. */
export interface TransferCounts {
  readonly bytes: number;
  readonly blocks: number;
  readonly fromCache: number;
  /** Bytes by peer. */
  readonly fromPeers: Readonly<Record<string, number>>;
  readonly fromHostedCache: number;
  readonly fromOrigin: number;
}

/** Bytes that a source was chosen for, and that are not taken yet. */
interface Chosen {
  readonly source: 'cache' | 'peer' | 'hosted-cache';
  readonly peer: string;
  readonly block: string;
  left: number;
}

/** Adds up what is told of one content, under one handle or several, and what was taken of it. */
export class TransferCounter {
  readonly #fromPeers = new Map<string, number>();
  readonly #handles = new Set<ContentHandle>();
  /** Bytes of the contents that were described before it was told which one to count. */
  readonly #described = new Map<ContentHandle, number>();
  /** In the order in which they are read. */
  readonly #chosen: Chosen[] = [];
  #total: number | undefined;
  #bytes = 0;
  #blocks = 0;
  #lastBlock = '';
  #fromCache = 0;
  #fromHostedCache = 0;
  #fromOrigin = 0;

  /** Bytes of the whole content, if that was told. */
  get total(): number | undefined {
    return this.#total;
  }

  count(content: ContentHandle): void {
    this.#handles.add(content);
    this.#total ??= this.#described.get(content);
    this.#described.clear();
  }

  observe(event: DistributionEvent): void {
    if (event._tag === 'ContentInformationAdded' && this.#handles.size === 0) {
      this.#described.set(event.content, event.bytes);
    }
    if (event._tag !== 'SourceChosen' || !this.#handles.has(event.content)) return;
    const { source, peer = '', bytes } = event;
    if (source === 'origin') return;
    this.#chosen.push({ source, peer, block: `${event.segment} ${event.block}`, left: bytes });
  }

  /**
   * Where bytes came from counts when they are taken, as more may be read ahead. Of those of the origin that is known
   * by themselves: also a driver that tells nothing has it.
   */
  take({ bytes, from }: ContentPiece): void {
    this.#bytes += bytes.length;
    if (from === 'origin') {
      this.#fromOrigin += bytes.length;
      return;
    }
    let left = bytes.length;
    let at = 0;
    for (; left > 0; at += 1) {
      const chosen = this.#chosen[at];
      if (chosen === undefined) break;
      const taken = Math.min(left, chosen.left);
      this.#took(chosen, taken);
      chosen.left -= taken;
      left -= taken;
      if (chosen.left > 0) break;
    }
    this.#chosen.splice(0, at);
  }

  #took({ source, peer, block }: Chosen, bytes: number): void {
    // The end of one piece and the start of the next may lie in one block.
    if (block !== this.#lastBlock) this.#blocks += 1;
    this.#lastBlock = block;
    if (source === 'cache') this.#fromCache += bytes;
    else if (source === 'hosted-cache') this.#fromHostedCache += bytes;
    else this.#fromPeers.set(peer, (this.#fromPeers.get(peer) ?? 0) + bytes);
  }

  counts(): TransferCounts {
    return {
      bytes: this.#bytes,
      blocks: this.#blocks,
      fromCache: this.#fromCache,
      fromPeers: Object.fromEntries(this.#fromPeers),
      fromHostedCache: this.#fromHostedCache,
      fromOrigin: this.#fromOrigin,
    };
  }
}
