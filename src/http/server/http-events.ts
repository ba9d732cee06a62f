import { Readable } from 'node:stream';
import { hostAndPort } from '../../driver/host-and-port.js';
import { type DistributionSession, reportDistribution } from '../../effects/session.js';
import { negotiate } from '../protocol/negotiation.js';
import type { Answer, ContentRequest } from './answer.js';

/** Tells of a request and, once its body has been read to the end, of the response. */
export const reportExchange = (
  session: DistributionSession,
  { url = '', headers, socket }: ContentRequest,
  { status, kind, body, contentBytes }: Answer,
): void => {
  const peer = hostAndPort(socket?.remoteAddress, socket?.remotePort);
  reportDistribution(session, { _tag: 'HttpRequestReceived', peer, url, kind: negotiate(headers).kind });
  const sent = (bodyBytes: number): void =>
    reportDistribution(session, {
      _tag: 'HttpResponseSent',
      peer,
      url,
      kind,
      status,
      contentBytes,
      bodyBytes,
    });
  if (body instanceof Readable) body.once('end', () => sent(contentBytes));
  else sent(body?.length ?? 0);
};
