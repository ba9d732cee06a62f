import type { LocalAddress } from './network/local-address.js';
import type { TransportAddress } from './wire/index.js';

/** Whether a server that listens at `endpoint` can be reached at this address; a wildcard stands for many. */
export const isServedAt = ({ host }: TransportAddress, { family, address }: LocalAddress): boolean =>
  host === '::' || (host === '0.0.0.0' && family === 'ipv4') || host === address;
