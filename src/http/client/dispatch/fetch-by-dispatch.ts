import type { Fetch } from '../origin.js';
import type { Dispatch, DispatchController, DispatchRequest } from './dispatch-types.js';
import { IncomingBody } from './incoming-body.js';
import { toHeaders } from './received-headers.js';

const NO_BODY = new Set([204, 205, 304]);

/** Repeats a request with other headers, by the dispatcher that it would have gone to. No redirect is followed. */
export const fetchByDispatch =
  (dispatch: Dispatch, request: DispatchRequest): Fetch =>
  (_url, { headers, signal }) =>
    new Promise((resolve, reject) => {
      let controller: DispatchController | undefined;
      let body: IncomingBody | undefined;
      const abort = (): void => controller?.abort(new Error('the request is not wanted any more'));
      const end = (): void => signal?.removeEventListener('abort', abort);
      dispatch(
        { ...request, headers: [...new Headers(headers)].flat() },
        {
          onRequestStart: (started) => {
            controller = started;
            if (signal?.aborted === true) abort();
            else signal?.addEventListener('abort', abort, { once: true });
          },
          onResponseStart: (answering, status, received) => {
            if (status < 200) return;
            body = new IncomingBody(answering);
            const about = { status, headers: toHeaders(received) };
            resolve(new Response(NO_BODY.has(status) ? null : body.stream, about));
          },
          onResponseData: (_controller, chunk) => body?.push(chunk),
          onResponseEnd: () => {
            end();
            body?.end();
          },
          onResponseError: (_controller, error) => {
            end();
            body?.fail(error);
            reject(error);
          },
        },
      );
    });
