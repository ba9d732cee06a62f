import type { Datagram, DatagramNetwork } from './network/datagram-network.js';
import { addressWithZone, isLinkLocal, splitZone } from './network/local-address.js';
import type { PeerFound, PeerSource, SoughtSegment } from './peer-source.js';
import type { Prober } from './prober.js';
import { questionsFor } from './questions.js';
import { formatAddress, type ProbeMatch } from './wire/index.js';

/** Asks everybody on the links of this machine. */
export class MulticastSource implements PeerSource {
  constructor(
    private readonly prober: Prober,
    private readonly network: DatagramNetwork,
  ) {}

  async find(segments: readonly SoughtSegment[], found: PeerFound, signal: AbortSignal): Promise<void> {
    await Promise.all(
      questionsFor(segments).map((part) =>
        this.prober.ask(
          {
            ...part,
            to: 'multicast',
            padded: false,
            send: (probe) => this.network.multicast(probe),
            peerOf: (answer, match) => this.#peerOf(answer, match),
          },
          found,
          signal,
        ),
      ),
    );
  }

  /**
   * A neighbour may speak for itself only: it has to be on the link, and so has what it gives as its address. With
   * IPv4 the two are one; with IPv6 it may answer from one address of its own and serve at another.
   */
  #peerOf(answer: Datagram, { addresses }: ProbeMatch): string | undefined {
    const [link] = answer.links();
    if (link === undefined) return undefined;
    const [source] = splitZone(answer.from.address);
    const address = addresses.find(({ host }) =>
      link.family === 'ipv4'
        ? host === source
        : this.network.addresses.some((local) => local.zone === link.zone && local.isOnLink(host)),
    );
    if (address === undefined) return undefined;
    const host = address.host.toLowerCase();
    return formatAddress({
      host: addressWithZone(host, { zone: link.zone, isLinkLocal: isLinkLocal(host) }),
      port: address.port,
    });
  }
}
