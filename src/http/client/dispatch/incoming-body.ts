import type { DispatchController } from './dispatch-types.js';

/** What comes in of a body, as a stream that is as fast as its reader. Cancelled, it ends the request. */
export class IncomingBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #controller: DispatchController;
  #sink: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(controller: DispatchController) {
    this.#controller = controller;
    this.stream = new ReadableStream<Uint8Array>({
      start: (sink) => {
        this.#sink = sink;
      },
      pull: () => controller.resume(),
      cancel: () => {
        this.#sink = undefined;
        controller.abort(new Error('nobody reads the answer any more'));
      },
    });
  }

  push(chunk: Uint8Array): void {
    // A parser that goes on tells so by an empty one; paused by that it would never get to the next.
    if (chunk.length === 0) return;
    this.#sink?.enqueue(Uint8Array.from(chunk));
    if ((this.#sink?.desiredSize ?? 1) <= 0) this.#controller.pause();
  }

  end(): void {
    this.#sink?.close();
    this.#sink = undefined;
  }

  fail(error: Error): void {
    this.#sink?.error(error);
    this.#sink = undefined;
  }
}
