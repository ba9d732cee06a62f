import { isIP } from 'node:net';

/** A name of a machine, as far as it matters here: nothing that is an address with its port, or a URL. */
const HOST_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/;
const HIGHEST_PORT = 65_535;

/** What such an address is, for whoever gave another. */
export const LISTEN_ADDRESS =
  "an address such as { host: '127.0.0.1', port: 0 }, of which port may be left out";

/**
 * Whether a value says where to listen. Whoever writes an address in another form must not end up open to the network, as
 * Node listens everywhere if it is told no host.
 */
export const isListenAddress = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null || !('host' in value)) return false;
  const { host, port } = value as { readonly host: unknown; readonly port?: unknown };
  const isHost = typeof host === 'string' && (isIP(host) > 0 || HOST_NAME.test(host));
  return isHost && (port === undefined || isPort(port));
};

const isPort = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= HIGHEST_PORT;
