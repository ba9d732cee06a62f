import { isIP, isIPv6 } from 'node:net';

/** Where a peer serves blocks. */
export interface TransportAddress {
  /** An IP address, without the zone of a link-local one. */
  readonly host: string;
  readonly port: number;
}

const BRACKETED = /^\[([0-9A-Fa-f:.]+)(?:%[^\]]*)?\]:(\d{1,5})$/;
const PLAIN = /^([0-9.]+):(\d{1,5})$/;

/** As in XAddrs: no scheme, an IPv6 address in brackets. */
export const formatAddress = ({ host, port }: TransportAddress): string =>
  isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;

/** `undefined`: it is none, has a host name, or no port. A zone is dropped, as it means something to its writer only. */
export const parseAddress = (text: string): TransportAddress | undefined => {
  const [, host = '', digits] = BRACKETED.exec(text) ?? PLAIN.exec(text) ?? [];
  const port = Number(digits);
  return isIP(host) !== 0 && port >= 1 && port <= 65_535 ? { host, port } : undefined;
};
