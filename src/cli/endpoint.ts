import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';

/** Reads `host:port`; an IPv6 address stands in brackets, also one with the interface that it is meant on. */
export const parseEndpoint = (text: string): { readonly host: string; readonly port: number } | undefined => {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9a-fA-F:.]+(?:%[^[\]\s]+)?)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port > 65_535 ? undefined : { host, port };
};

/** An option's `host:port`. */
export const listenAddress = (text: string): { readonly host: string; readonly port: number } => {
  const endpoint = parseEndpoint(text);
  if (endpoint !== undefined) return endpoint;
  throw new InvalidArgumentError('It must be HOST:PORT, such as 0.0.0.0:8080 or [::]:0.');
};

/** An option's address, or `host:port`, to serve peers at; without a port the engine chooses. */
export const servingAddress = (text: string): { readonly host: string; readonly port?: number } => {
  const endpoint = parseEndpoint(text);
  if (endpoint !== undefined) return endpoint;
  const host = text.replace(/^\[(.*)\]$/, '$1');
  // A name could as well be a port that lacks its host.
  if (isIP(host) > 0) return { host };
  throw new InvalidArgumentError('It must be ADDRESS or HOST:PORT, such as 0.0.0.0, 0.0.0.0:8080 or [::]:0.');
};

/** The opposite of {@link parseEndpoint}. */
export const formatEndpoint = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;
