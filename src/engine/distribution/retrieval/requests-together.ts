/**
 * The field by which a server tells how many requests it takes on one connection before it has answered the first.
 *
 * HTTP/1.1 lets clients send the next request before the last one is answered (RFC 9112 9.3.2), yet not everybody who
 * speaks it was ever tested with that, so a server has to say so. Those who do not know the field skip it.
 */
export const TOGETHER_FIELD = 'peerweave-requests-together';

/** More wait in the network until some are answered. */
export const REQUESTS_TOGETHER = 8;

/**
 * Most requests sent on one connection. More of them would wait for each other where they could share several connections;
 * fewer wake the peer more often, which costs both sides more than the request.
 */
export const MOST_TOGETHER = 8;
