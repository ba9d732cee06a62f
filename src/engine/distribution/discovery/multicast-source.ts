import type { Datagram, DatagramNetwork } from './network/datagram-network.js';
import { addressWithZone, isLinkLocal, splitZone } from './network/local-address.js';
import type { PeerFound, PeerSource, SoughtSegment } from './peer-source.js';
import type { Prober, Question } from './prober.js';
import { crowdQuestion, questionsFor, type ProbeContent } from './questions.js';
import { servedPort } from './served-address.js';
import { formatAddress, type ProbeMatch, type TransportAddress } from './wire/index.js';

/** Asks everybody on the links of this machine. */
export class MulticastSource implements PeerSource {
  constructor(
    private readonly prober: Prober,
    private readonly network: DatagramNetwork,
    /** Where blocks are served here. */
    private readonly endpoint?: TransportAddress,
  ) {}

  async find(segments: readonly SoughtSegment[], found: PeerFound, signal: AbortSignal): Promise<void> {
    await Promise.all(questionsFor(segments).map((part) => this.#ask(part, found, signal)));
  }

  /** Asks who fetches any of the first of these segments just now. Resolves when the time for answers is over. */
  async meet(
    segments: readonly SoughtSegment[],
    met: (peer: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const port = servedPort(this.endpoint, this.network.addresses);
    await Promise.all(
      crowdQuestion(segments).map((part) => this.#ask({ ...part, port }, (_, peer) => met(peer), signal)),
    );
  }

  #ask(content: ProbeContent & Pick<Question, 'port'>, found: PeerFound, signal: AbortSignal): Promise<void> {
    return this.prober.ask(
      {
        ...content,
        to: 'multicast',
        padded: false,
        send: (probe) => this.network.multicast(probe),
        peerOf: (answer, match) => this.#peerOf(answer, match),
      },
      found,
      signal,
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
