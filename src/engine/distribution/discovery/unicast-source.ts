import { lookup } from 'node:dns/promises';
import { BlockList, isIPv6 } from 'node:net';
import type { Datagram, DatagramNetwork, RemoteAddress } from './network/datagram-network.js';
import { splitZone } from './network/local-address.js';
import type { PeerFound, PeerSource, SoughtSegment } from './peer-source.js';
import type { Prober } from './prober.js';
import { questionsFor } from './questions.js';
import { formatAddress, type ProbeMatch } from './wire/index.js';

/** A host to ask. */
export interface ProbedHost {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
}

/** Asks hosts that were named, on whatever network, at all of their addresses. */
export class UnicastSource implements PeerSource {
  constructor(
    private readonly prober: Prober,
    private readonly network: DatagramNetwork,
    private readonly hosts: readonly ProbedHost[],
  ) {}

  async find(segments: readonly SoughtSegment[], found: PeerFound, signal: AbortSignal): Promise<void> {
    await Promise.all(this.hosts.map((host) => this.#ask(host, segments, found, signal)));
  }

  async #ask(
    { host, port }: ProbedHost,
    segments: readonly SoughtSegment[],
    found: PeerFound,
    signal: AbortSignal,
  ): Promise<void> {
    const addresses = await lookup(host, { all: true });
    await Promise.all(
      addresses.flatMap(({ address }) =>
        questionsFor(segments).map((part) =>
          this.prober.ask(
            {
              ...part,
              to: formatAddress({ host, port }),
              padded: true,
              send: (probe) => this.network.unicast(probe, { address, port }),
              peerOf: (answer, match) => peerOf({ address, port }, answer, match),
            },
            found,
            signal,
          ),
        ),
      ),
    );
  }
}

/** Only the host that was asked may answer, from the port it was asked at, and speak for itself only. */
const peerOf = (asked: RemoteAddress, { from }: Datagram, { addresses }: ProbeMatch): string | undefined => {
  if (from.port !== asked.port || !isSameAddress(from.address, asked.address)) return undefined;
  const address = addresses.find(({ host }) => isSameAddress(host, asked.address));
  return address && formatAddress({ host: from.address, port: address.port });
};

/** Whether two addresses are the same, however they are written. Zones tell nothing to others. */
const isSameAddress = (one: string, other: string): boolean => {
  const [[bare], [otherBare]] = [splitZone(one), splitZone(other)];
  if (isIPv6(bare) !== isIPv6(otherBare)) return false;
  const family = isIPv6(bare) ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addAddress(bare, family);
  return list.check(otherBare, family);
};
