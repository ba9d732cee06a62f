import type { Clock } from '../../driver/index.js';
import { badArgument, timeout } from '../../effects/error/index.js';
import { brokenOff, OPERATION, unanswered } from './origin-failure.js';

/** The function that requests go through: the platform's `fetch`, or one with the same contract. */
export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

export interface OriginParts {
  readonly url: URL;
  readonly headers: Headers;
  readonly fetch: Fetch;
  /** Milliseconds without a byte after which a connection counts as broken. */
  readonly stallMs: number;
  readonly clock: Clock;
}

/** What an origin answered. Its body is read to the end by {@link pieces} or given up by {@link cancel}. */
export interface OriginAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Decoded, where the platform knows the Content-Encoding. Ended early it cancels the rest. */
  pieces(): AsyncGenerator<Uint8Array, void>;
  cancel(): Promise<void>;
}

/** Asks one URL. Redirects are followed each time anew: where they lead may hold for a while only. */
export class Origin {
  readonly #parts: OriginParts;

  constructor(parts: OriginParts) {
    this.#parts = parts;
  }

  get url(): string {
    return this.#parts.url.href;
  }

  /** Rejects with `Unavailable` if it cannot be reached, `Protocol` if it makes no sense, `Timeout` if it says nothing, `Cancelled` by the signal. */
  async ask(headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<OriginAnswer> {
    const all = new Headers(this.#parts.headers);
    for (const [name, value] of Object.entries(headers)) all.set(name, value);
    const connection = new Connection(this.#parts, signal);
    const {
      status,
      headers: received,
      body,
    } = await connection.guard(unanswered, () =>
      this.#parts.fetch(this.#parts.url, { headers: all, signal: connection.signal }),
    );
    const reader = body?.getReader();
    const cancel = async (): Promise<void> => {
      connection.release();
      await reader?.cancel().catch(() => undefined);
    };
    return {
      status,
      headers: received,
      cancel,
      async *pieces() {
        try {
          for (;;) {
            const result = await connection.guard(brokenOff, async () => reader?.read());
            if (result?.value === undefined) return;
            yield result.value;
          }
        } finally {
          await cancel();
        }
      },
    };
  }
}

/** Ends what waits for too long, or is not wanted any more. */
class Connection {
  readonly #parts: OriginParts;
  readonly #outer: AbortSignal;
  readonly #abort = new AbortController();
  readonly #onAbort = (): void => this.#abort.abort();
  #stalled = false;

  constructor(parts: OriginParts, outer: AbortSignal) {
    this.#parts = parts;
    this.#outer = outer;
    if (outer.aborted) this.#abort.abort();
    outer.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** @param failure says what it means that `wait` has failed. */
  async guard<A>(failure: typeof brokenOff, wait: () => Promise<A>): Promise<A> {
    const { clock, stallMs } = this.#parts;
    const cancel = clock.schedule(stallMs, () => {
      this.#stalled = true;
      this.#abort.abort();
    });
    try {
      return await wait();
    } catch (thrown) {
      this.release();
      throw this.#stalled
        ? timeout(OPERATION, 'an answer of the origin', stallMs)
        : failure(thrown, this.#outer);
    } finally {
      cancel();
    }
  }

  release(): void {
    this.#outer.removeEventListener('abort', this.#onAbort);
  }
}

/**
 * A URL without the credentials in it, which become a header: `fetch` refuses the one and knows the other. And without its
 * fragment, which no origin ever sees.
 */
export const originOf = (
  input: string | URL,
  own: Readonly<Record<string, string>>,
): Pick<OriginParts, 'url' | 'headers'> => {
  const url = urlOf(input);
  const headers = headersOf(own);
  url.hash = '';
  if (url.username !== '' || url.password !== '') {
    const credentials = `${credentialIn(url.username)}:${credentialIn(url.password)}`;
    if (!headers.has('authorization')) {
      headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`);
    }
    url.username = '';
    url.password = '';
  }
  return { url, headers };
};

const credentialIn = (encoded: string): string => {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw badArgument(
      [
        {
          path: 'url',
          code: 'format',
          message: 'must have a user and password that are percent-encoded UTF-8',
        },
      ],
      OPERATION,
    );
  }
};

const urlOf = (input: string | URL): URL => {
  const url = URL.canParse(String(input)) ? new URL(input) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw badArgument(
    [{ path: 'url', code: 'format', message: 'must be an absolute URL of http or https' }],
    OPERATION,
  );
};

const headersOf = (own: Readonly<Record<string, string>>): Headers => {
  try {
    return new Headers(own);
  } catch {
    throw badArgument(
      [{ path: 'headers', code: 'character', message: 'must be names and values that HTTP allows' }],
      OPERATION,
    );
  }
};
