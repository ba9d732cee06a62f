import { toPeerError } from '../../../effects/effect.js';
import { sessionCore } from '../../../effects/session.js';
import { checkedOptions, type PlacesOptions } from '../options.js';
import { OPERATION } from '../origin-failure.js';
import { stepsOf } from '../places.js';
import { readableVersion } from '../readable-version.js';
import type { Dispatch, DispatchHandler, DispatchRequest, ForeignDispatch } from './dispatch-types.js';
import { Exchange } from './exchange.js';
import { Hold } from './hold.js';
import { headersIn, mayAsk } from './request-headers.js';

/**
 * An interceptor for dispatchers of undici, so that a program's own `fetch` gets content from the local cache, from peers
 * and the hosted cache, and from the origin only what nobody else has.
 *
 * Use it where `get` cannot take the place of `fetch`. Whole resources are asked for with `Accept-Encoding: peerdist`
 * beside what the program accepts; where content information comes, the program sees the content: status 200, its headers
 * without those of the coding, `Content-Length`, and bytes that were checked, as fast as it takes them. Everything else
 * passes untouched: other methods than GET, ranges, `Cache-Control: no-store` among the headers (which the option `cache`
 * of `fetch` does not set), requests that speak of the coding themselves, redirects, and every answer without content
 * information. Content information that is of no use, as also where the origin refuses ranges, is followed by the plain
 * request.
 *
 * The session has to stay open as long as requests run. With the service switched off, or the session closed, requests
 * are made as if there were no interceptor. Options are checked at once: `BadArgument`, and `HandleClosed` for a
 * closed session. A content that changes after its first bytes ends its body with `Unavailable`
 * (`PEERWEAVE_CONTENT_CHANGED`), as these cannot be taken back.
 *
 * Tried with undici 7.30 on Node 20: its `fetch` and `request`, and Node's own `fetch` by the option `dispatcher`, which
 * takes several `Set-Cookie` for one behind any dispatcher that is composed. Other versions of either are untried. Source: MS-PCCRTP 3.1; undici's `Dispatcher.compose`.
 *
 * @example
 * ```ts
 * import { Agent, fetch } from 'undici';
 * import { createPeerweave } from 'peerweave';
 * import { createPeerInterceptor } from 'peerweave/http';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await using session = await promise(effects.openSession());
 * const dispatcher = new Agent().compose(createPeerInterceptor({ session }));
 * await fetch('http://127.0.0.1:9/', { dispatcher }).catch((error: unknown) => console.log(String(error)));
 * await dispatcher.close();
 * ```
 */
export const createPeerInterceptor = (options: PlacesOptions): ((dispatch: ForeignDispatch) => Dispatch) => {
  const { places, patienceMs, stallMs } = checkedOptions(options, OPERATION);
  const core = sessionCore(options.session, OPERATION);
  core.assertOpen(OPERATION);
  const { env } = core;
  const steps = stepsOf(places);
  return (foreign) => {
    // What it is asked here are its own requests with other headers.
    const dispatch = foreign as Dispatch;
    return (request: DispatchRequest, handler: DispatchHandler) => {
      const headers = headersIn(request.headers);
      if (headers === undefined || !mayAsk(request, headers) || !places.includes('cache')) {
        return dispatch(request, handler);
      }
      const parts = { dispatch, request, headers, handler, options, steps, patienceMs, stallMs, env };
      const hold = new Hold();
      readableVersion(options.session, env)
        .catch(() => undefined)
        .then((version) => {
          if (version === undefined) dispatch(request, handler);
          else new Exchange(parts, hold).begin(version);
        })
        // What a dispatcher throws, such as for a request that makes no sense.
        .catch((thrown: unknown) => handler.onResponseError?.(hold, toPeerError(thrown, OPERATION)));
      return true;
    };
  };
};
