import type { PeerEnv } from '../../../effects/env.js';
import { PeerError } from '../../../effects/error/index.js';
import { listOf } from '../../protocol/header-list.js';
import {
  acceptingPeerDist,
  EXTENDED_PARAMETERS_HEADER,
  PARAMETERS_HEADER,
  PEERDIST,
} from '../../protocol/peerdist-headers.js';
import { contentChanged } from '../content-changed.js';
import { interpret } from '../content-state.js';
import { openInformation } from '../open-information.js';
import type { PlacesOptions } from '../options.js';
import { Origin, originOf } from '../origin.js';
import { StartOver } from '../origin-failure.js';
import type { Step } from '../places.js';
import { readDescribed } from '../read-described.js';
import type {
  Dispatch,
  DispatchController,
  DispatchHandler,
  DispatchRequest,
  ReceivedHeaders,
} from './dispatch-types.js';
import { fetchByDispatch } from './fetch-by-dispatch.js';
import type { Hold } from './hold.js';
import { IncomingBody } from './incoming-body.js';
import { Relay } from './relay.js';
import { toHeaders } from './received-headers.js';
import { isNoStore } from './request-headers.js';
import { isError } from '../../../driver/errors.js';

export interface ExchangeParts {
  readonly dispatch: Dispatch;
  readonly request: DispatchRequest;
  /** Those of the request. */
  readonly headers: Headers;
  readonly handler: DispatchHandler;
  readonly options: PlacesOptions;
  readonly steps: readonly Step[];
  readonly patienceMs: number;
  readonly stallMs: number;
  readonly env: PeerEnv;
}

/** Set for the content instead of those for its content information. */
const REPLACED = new Set([
  'content-encoding',
  'content-length',
  'transfer-encoding',
  PARAMETERS_HEADER,
  EXTENDED_PARAMETERS_HEADER,
]);

/**
 * A request of a program, for which content information is asked. If that comes, the program gets the content in its
 * place; any other answer is passed on as it is.
 */
export class Exchange extends Relay {
  readonly #parts: ExchangeParts;
  readonly #hold: Hold;
  /** Content information that comes in. */
  #information: IncomingBody | undefined;

  constructor(parts: ExchangeParts, hold: Hold) {
    super(parts.handler, hold);
    this.#parts = parts;
    this.#hold = hold;
  }

  /** @param version the highest of content information that can be read. */
  begin(version: 1 | 2): void {
    const { dispatch, request } = this.#parts;
    const headers = new Headers(this.#parts.headers);
    for (const [name, value] of Object.entries(acceptingPeerDist(version))) headers.append(name, value);
    dispatch({ ...request, headers: [...headers].flat() }, this);
  }

  override onResponseStart(
    controller: DispatchController,
    status: number,
    headers: ReceivedHeaders,
    message?: string,
  ): void {
    const codings = listOf(toHeaders(headers).get('content-encoding') ?? undefined);
    if (!codings.some((coding) => coding.toLowerCase() === PEERDIST)) {
      super.onResponseStart(controller, status, headers, message);
      return;
    }
    this.#information = new IncomingBody(controller);
    void this.#replace(this.#information, status, headers, message);
  }

  override onResponseData(controller: DispatchController, chunk: Buffer): void {
    if (this.#information === undefined) super.onResponseData(controller, chunk);
    else this.#information.push(chunk);
  }

  override onResponseEnd(controller: DispatchController, trailers: ReceivedHeaders): void {
    if (this.#information === undefined) super.onResponseEnd(controller, trailers);
    else this.#information.end();
  }

  override onResponseError(controller: DispatchController, error: Error): void {
    if (this.#information === undefined) super.onResponseError(controller, error);
    else this.#information.fail(error);
  }

  /** Answers with the content that content information describes, or asks for the content alone. */
  async #replace(
    information: IncomingBody,
    status: number,
    headers: ReceivedHeaders,
    message: string | undefined,
  ): Promise<void> {
    const hold = this.#hold;
    const { dispatch, request, handler } = this.#parts;
    hold.inner = undefined;
    let isBegun = false;
    try {
      for await (const { bytes, length } of this.#content(information, status, headers)) {
        if (!isBegun) {
          const replaced = identityHeaders(headers, length);
          hold.rawHeaders = Object.entries(replaced).flatMap(([name, value = '']) =>
            (Array.isArray(value) ? value : [value]).flatMap((one) => [
              Buffer.from(name),
              Buffer.from(one, 'latin1'),
            ]),
          );
          isBegun = true;
          handler.onResponseStart?.(hold, status, replaced, message);
        }
        await hold.flowing();
        if (hold.aborted) break;
        handler.onResponseData?.(hold, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
        await hold.flowing();
      }
      if (hold.aborted) throw hold.reason ?? new Error('aborted');
      handler.onResponseEnd?.(hold, {});
    } catch (error) {
      // What the origin does not give in parts it may give as a whole; who must not be asked for that is not.
      const mayBePlain =
        error instanceof StartOver || this.#parts.steps.some(({ _tag }) => _tag === 'Origin');
      if (mayBePlain && !isBegun && !hold.aborted) {
        // As the program made it.
        dispatch(request, new Relay(handler, hold));
      } else handler.onResponseError?.(hold, hold.reason ?? failureOf(error));
    }
  }

  async *#content(
    information: IncomingBody,
    status: number,
    received: ReceivedHeaders,
  ): AsyncGenerator<{ readonly bytes: Uint8Array; readonly length: number }, void> {
    const { dispatch, request, options, steps, patienceMs, stallMs, env } = this.#parts;
    const { signal } = this.#hold;
    const parts = originOf(urlOf(request), {});
    const fetch = fetchByDispatch(dispatch, request);
    const origin = new Origin({ ...parts, headers: this.#parts.headers, fetch, stallMs, clock: env.clock });
    const headers = toHeaders(received);
    const stop = (): void => void information.stream.cancel().catch(() => undefined);
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (isNoStore(headers)) throw new StartOver('content-information', 'the answer must not be kept');
      const answer = {
        status,
        headers,
        pieces: () => piecesOf(information.stream),
        cancel: () => information.stream.cancel(),
      };
      const found = interpret(answer, 0, origin.url);
      const { length: end = 0 } = found;
      await using content = await openInformation(
        answer.pieces(),
        found,
        { ...options, name: origin.url },
        signal,
      );
      const described = { content, origin, state: found, start: 0, end, steps, patienceMs, env };
      for await (const { bytes } of readDescribed(described, signal)) yield { bytes, length: end };
    } finally {
      signal.removeEventListener('abort', stop);
      if (!information.stream.locked) stop();
    }
  }
}

const urlOf = ({ origin, path }: DispatchRequest): URL => new URL(path, origin);

const identityHeaders = (headers: ReceivedHeaders, length: number): ReceivedHeaders => ({
  ...Object.fromEntries(Object.entries(headers).filter(([name]) => !REPLACED.has(name.toLowerCase()))),
  'content-length': String(length),
});

const failureOf = (error: unknown): Error => {
  if (error instanceof StartOver) return contentChanged(error.message);
  return isError(error)
    ? error
    : new PeerError({
        tag: 'Defect',
        code: 'PEERWEAVE_DEFECT',
        operation: 'fetch',
        what: String(error),
        advice: 'Report it.',
      });
};

async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  for await (const piece of stream as unknown as AsyncIterable<Uint8Array>) yield piece;
}
