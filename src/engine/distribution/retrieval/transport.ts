/** A request under way. */
export interface Exchange {
  /** The body of the answer, good until control returns to the event loop. Rejects with a PeerFault, or with what {@link abort} was given. */
  readonly answer: Promise<Buffer>;
  /** Gives up and closes the connection at once. Does nothing once the answer is there. */
  abort(reason: unknown): void;
}

/** Carries messages to peers, keeping connections open between them. */
export interface Transport {
  /** Sends `message` to `peer` (`host:port`). */
  post(peer: string, message: Buffer): Exchange;
  /** Closes every connection; what is under way fails. */
  close(): void;
}
