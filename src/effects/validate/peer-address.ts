import { isIPv4, isIPv6 } from 'node:net';
import * as E from 'fp-ts/lib/Either.js';
import type { PeerAddress } from '../../driver/index.js';
import { object } from './object.js';
import { bad, expected, optional, type Rule } from './rule.js';
import { integer, UINT32_MAX } from './scalars.js';

const port: Rule<number> = integer(1, 0xffff);

/** IPv6 as it is; IPv4 mapped into it, because PEER_ADDRESS holds nothing else. */
const address: Rule<string> = (value, at) => {
  if (typeof value !== 'string') return expected('an IP address', value, at);
  if (value.includes('%')) return bad(at, 'format', 'must be without a zone; give its number as scopeId');
  if (isIPv4(value)) return E.right(`::ffff:${value}`);
  return isIPv6(value) ? E.right(value) : bad(at, 'format', 'must be an IPv6 or IPv4 address');
};

export const peerAddress: Rule<PeerAddress> = object({
  address,
  port,
  flowInfo: optional(integer(0, UINT32_MAX)),
  scopeId: optional(integer(0, UINT32_MAX)),
});

/** A peer to ask for content, `host:port`; an IPv6 address stands in brackets. */
export const endpoint: Rule<string> = (value, at) => {
  if (typeof value !== 'string') return expected('a host:port', value, at);
  const [, bracketed, host, digits] = ENDPOINT.exec(value) ?? [];
  const number = Number(digits);
  return (bracketed === undefined ? host !== undefined : isIPv6(bracketed)) && number >= 1 && number <= 0xffff
    ? E.right(value)
    : bad(at, 'format', 'must be host:port such as 192.0.2.1:8080 or [2001:db8::1]:8080');
};

const ENDPOINT = /^(?:\[([^\]]+)\]|([A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?)):(\d{1,5})$/;
