import type { BlockSourceKind, ContentExplanation, SegmentReason, SegmentSource } from '../driver/index.js';

/** Where the bytes of one content came from, and why. To the fake driver a content is one segment. */
export class Provenance {
  readonly #bytes: Record<BlockSourceKind, number> = { cache: 0, peer: 0, 'hosted-cache': 0, origin: 0 };
  readonly #bytesByPeer = new Map<string, number>();
  readonly #sources = new Map<string, SegmentSource>();
  readonly #reasons = new Map<string, SegmentReason>();

  cameFrom(from: SegmentSource, bytes: number): void {
    const { source, peer } = from;
    this.#bytes[source] += bytes;
    if (peer !== undefined) this.#bytesByPeer.set(peer, (this.#bytesByPeer.get(peer) ?? 0) + bytes);
    this.#sources.set(JSON.stringify(from), from);
  }

  failed(reason: SegmentReason): void {
    this.#reasons.set(JSON.stringify(reason), reason);
  }

  explanation(): ContentExplanation {
    const sources = [...this.#sources.values()];
    const reasons = [...this.#reasons.values()];
    return {
      bytes: { ...this.#bytes },
      bytesByPeer: Object.fromEntries(this.#bytesByPeer),
      reasons: [],
      segments: sources.length + reasons.length === 0 ? [] : [{ from: 0, to: 1, sources, reasons }],
    };
  }
}
