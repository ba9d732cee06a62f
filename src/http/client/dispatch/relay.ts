import type { DispatchController, DispatchHandler, ReceivedHeaders } from './dispatch-types.js';
import type { Hold } from './hold.js';

/** Passes an answer on to a program as it comes, by a hold that outlasts the request. */
export class Relay implements DispatchHandler {
  constructor(
    private readonly handler: DispatchHandler,
    private readonly hold: Hold,
  ) {}

  onRequestStart(controller: DispatchController, context: unknown): void {
    const { hold } = this;
    hold.inner = controller;
    if (hold.aborted) controller.abort(hold.reason ?? new Error('aborted'));
    else if (!hold.isShown) this.handler.onRequestStart?.(hold, context);
    hold.isShown = true;
  }

  onRequestUpgrade(
    _controller: DispatchController,
    status: number,
    headers: ReceivedHeaders,
    socket: unknown,
  ): void {
    this.handler.onRequestUpgrade?.(this.hold, status, headers, socket);
  }

  onResponseStart(
    { rawHeaders }: DispatchController,
    status: number,
    headers: ReceivedHeaders,
    message?: string,
  ): void {
    this.hold.rawHeaders = rawHeaders;
    this.handler.onResponseStart?.(this.hold, status, headers, message);
  }

  onResponseData(_controller: DispatchController, chunk: Buffer): void {
    this.handler.onResponseData?.(this.hold, chunk);
  }

  onResponseEnd({ rawTrailers }: DispatchController, trailers: ReceivedHeaders): void {
    this.hold.rawTrailers = rawTrailers;
    this.handler.onResponseEnd?.(this.hold, trailers);
  }

  onResponseError(_controller: DispatchController, error: Error): void {
    this.handler.onResponseError?.(this.hold, error);
  }
}
