import { isIPv6 } from 'node:net';

const BRACKETED = /^\[([^\]]+)\]:(\d{1,5})$/;
const PLAIN = /^([^\s:/?#@[\]]+):(\d{1,5})$/;

/** The normal form of `host:port` or `[IPv6]:port`; `undefined` if `text` is neither. */
export const normalisePeer = (text: string): string | undefined => {
  const bracketed = BRACKETED.exec(text);
  const [, host, digits] = bracketed ?? PLAIN.exec(text) ?? [];
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  if (bracketed === null) return `${host.toLowerCase()}:${port}`;
  const [address = '', ...zone] = host.split('%');
  // The zone is the name of an interface of this machine.
  return isIPv6(host) ? `[${[address.toLowerCase(), ...zone].join('%')}]:${port}` : undefined;
};
