import { lookup } from 'node:dns/promises';
import { BlockList, isIPv6 } from 'node:net';
import type { RemoteAddress } from './network/datagram-network.js';
import { splitZone } from './network/local-address.js';

/** A host to ask. */
export interface ProbedHost {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
}

/** The hosts that were named, and the addresses that they had when they were looked up last. */
export class NamedHosts {
  readonly #addresses = new Map<ProbedHost, readonly string[]>();

  constructor(readonly all: readonly ProbedHost[]) {}

  /** Where a host is asked. Rejects if it has no address. */
  async lookUp(host: ProbedHost): Promise<readonly RemoteAddress[]> {
    const addresses = (await lookup(host.host, { all: true })).map(({ address }) => address);
    this.#addresses.set(host, addresses);
    return addresses.map((address) => ({ address, port: host.port }));
  }

  /** Whether an address is one of theirs. */
  have(address: string): boolean {
    return [...this.#addresses.values()].some((known) => known.some((one) => isSameAddress(one, address)));
  }
}

/** Whether two addresses are the same, however they are written. Zones tell nothing to others. */
export const isSameAddress = (one: string, other: string): boolean => {
  const [[bare], [otherBare]] = [splitZone(one), splitZone(other)];
  if (isIPv6(bare) !== isIPv6(otherBare)) return false;
  const family = isIPv6(bare) ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addAddress(bare, family);
  return list.check(otherBare, family);
};
