import type { LocalAddress } from './network/local-address.js';
import type { TransportAddress } from './wire/index.js';

/** Whether a server that listens at `endpoint` can be reached at this address; a wildcard stands for many. */
export const isServedAt = ({ host }: TransportAddress, { family, address }: LocalAddress): boolean =>
  host === '::' || (host === '0.0.0.0' && family === 'ipv4') || host === address;

/** The port of a server that can be reached at one of these addresses; `undefined`: there is none. */
export const servedPort = (
  endpoint: TransportAddress | undefined,
  addresses: readonly LocalAddress[],
): number | undefined =>
  endpoint !== undefined && addresses.some((local) => isServedAt(endpoint, local))
    ? endpoint.port
    : undefined;
