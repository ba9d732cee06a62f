import { once } from 'node:events';
import { request as plainRequest, type IncomingMessage } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Clock, OfferRefusal } from '../../../driver/index.js';
import {
  decodeOfferResponse,
  MessageError,
  OFFER_RESPONSE_LENGTH,
  type OfferResponse,
} from '../wire/index.js';
import { OFFER_PATHS } from './offer-path.js';
import type { HostedCacheServer } from './hosted-cache-server.js';

export type OfferFailure = OfferRefusal;

/** Two ticks of the client's timer. PCHC 3.1.2. */
export const ANSWER_MS = 10_000;

/** Posts one offer. Never rejects: whoever offers has nothing better to do about a failure than to tell it. */
export const postOffer = async (
  server: HostedCacheServer,
  version: 1 | 2,
  body: Buffer,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<OfferResponse | { readonly failure: OfferFailure }> => {
  const late = new AbortController();
  const stopWaiting = clock.schedule(ANSWER_MS, () => late.abort());
  const options = {
    method: 'POST',
    agent: false,
    signal: AbortSignal.any([signal, late.signal]),
    headers: { 'content-type': 'application/octet-stream', 'content-length': body.length },
  } as const;
  const { secure } = server;
  try {
    const request =
      version === 1 && secure !== undefined
        ? secureRequest(`https://${secure.address}${OFFER_PATHS[1]}`, { ...options, ca: secure.ca })
        : plainRequest(`http://${server.address}${OFFER_PATHS[2]}`, options);
    const [response] = (await once(request.end(body), 'response')) as [IncomingMessage];
    const bytes = await readAnswer(response);
    if (response.statusCode === 401 || response.statusCode === 403) return { failure: 'denied' };
    if (response.statusCode === 503) return { failure: 'limit' };
    return response.statusCode === 200 ? decodeOfferResponse(bytes) : { failure: 'malformed' };
  } catch (error) {
    if (error instanceof MessageError) return { failure: 'malformed' };
    return { failure: late.signal.aborted ? 'no-answer-in-time' : 'unreachable' };
  } finally {
    stopWaiting();
  }
};

const readAnswer = async (response: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > OFFER_RESPONSE_LENGTH) throw new MessageError('answer that is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
