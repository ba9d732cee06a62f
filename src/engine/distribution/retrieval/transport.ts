import type { PeerFault } from './peer-fault.js';

/** Told how a request ended: one of these, once, and not before the call that began it has returned. */
export interface AnswerListener {
  /** `body` is good until this returns. */
  onAnswer(body: Buffer): void;
  onFailure(fault: PeerFault): void;
}

/** A request under way. */
export interface Exchange {
  /** Gives up and closes the connection at once; the listener hears nothing any more. */
  abort(): void;
}

/** Carries messages to peers, keeping connections open between them. */
export interface Transport {
  /** Sends `message` to `peer` (`host:port`). */
  post(peer: string, message: Buffer, listener: AnswerListener): Exchange;
  /** Closes every connection. What is under way is not told. */
  close(): void;
}
