/**
 * What dispatchers of undici 7 have in common, as far as it matters here. Written down instead of imported, so that
 * nobody needs the package whose program does not use it.
 */

/** Headers by name, as they came in. */
export type ReceivedHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** A request. It has more properties than these. */
export interface DispatchRequest {
  readonly origin?: string | URL;
  readonly path: string;
  readonly method: string;
  readonly body?: unknown;
  readonly headers?: unknown;
  readonly upgrade?: unknown;
}

/** The receiver's hold on an answer. */
export interface DispatchController {
  readonly aborted: boolean;
  readonly paused: boolean;
  readonly reason: Error | null;
  rawHeaders?: unknown;
  rawTrailers?: unknown;
  /** Ends the answer. */
  abort(reason: Error): void;
  /** Takes no more of it for now. */
  pause(): void;
  /** Goes on. */
  resume(): void;
}

/** Told of an answer, step by step. */
export interface DispatchHandler {
  /** The request goes out. */
  onRequestStart?(controller: DispatchController, context: unknown): void;
  /** The connection is no HTTP any more. */
  onRequestUpgrade?(
    controller: DispatchController,
    status: number,
    headers: ReceivedHeaders,
    socket: unknown,
  ): void;
  /** Status and headers have come. */
  onResponseStart?(
    controller: DispatchController,
    status: number,
    headers: ReceivedHeaders,
    message?: string,
  ): void;
  /** A piece of the body has come. */
  onResponseData?(controller: DispatchController, chunk: Buffer): void;
  /** The answer is over. */
  onResponseEnd?(controller: DispatchController, trailers: ReceivedHeaders): void;
  /** It failed; nothing else follows. */
  onResponseError?(controller: DispatchController, error: Error): void;
}

/**
 * Sends a request.
 *
 * @returns whether more requests may come at once.
 */
export type Dispatch = (request: DispatchRequest, handler: DispatchHandler) => boolean;

/** The same of a copy of undici whose requests have types of their own, which this side does not know. */
export type ForeignDispatch = (request: never, handler: DispatchHandler) => boolean;
