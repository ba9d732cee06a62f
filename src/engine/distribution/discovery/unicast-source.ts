import type { Datagram, DatagramNetwork, RemoteAddress } from './network/datagram-network.js';
import { isSameAddress, type NamedHosts } from './named-hosts.js';
import type { PeerFound, PeerSource, SoughtSegment } from './peer-source.js';
import type { Prober, Question } from './prober.js';
import { crowdQuestion, questionsFor, type ProbeContent } from './questions.js';
import { servedPort } from './served-address.js';
import { formatAddress, type ProbeMatch, type TransportAddress } from './wire/index.js';

type Part = ProbeContent & Pick<Question, 'port'>;

/** Asks hosts that were named, on whatever network, at all of their addresses. */
export class UnicastSource implements PeerSource {
  constructor(
    private readonly prober: Prober,
    private readonly network: DatagramNetwork,
    private readonly hosts: NamedHosts,
    /** Where blocks are served here. */
    private readonly endpoint?: TransportAddress,
  ) {}

  find(segments: readonly SoughtSegment[], found: PeerFound, signal: AbortSignal): Promise<void> {
    return this.#askAll(questionsFor(segments), found, signal);
  }

  /** Asks who of them fetches any of the first of these segments. Resolves when the time for answers is over. */
  meet(segments: readonly SoughtSegment[], met: (peer: string) => void, signal: AbortSignal): Promise<void> {
    const port = servedPort(this.endpoint, this.network.addresses);
    const parts = crowdQuestion(segments).map((part) => ({ ...part, port }));
    return this.#askAll(parts, (_, peer) => met(peer), signal);
  }

  /** A host without an address ends nothing for the others. Never rejects. */
  async #askAll(parts: readonly Part[], found: PeerFound, signal: AbortSignal): Promise<void> {
    if (parts.length === 0) return;
    await Promise.allSettled(
      this.hosts.all.map(async (host) => {
        const addresses = await this.hosts.lookUp(host);
        const to = formatAddress(host);
        await Promise.all(
          addresses.flatMap((at) => parts.map((part) => this.#ask({ ...part, to }, at, found, signal))),
        );
      }),
    );
  }

  #ask(
    part: Part & Pick<Question, 'to'>,
    at: RemoteAddress,
    found: PeerFound,
    signal: AbortSignal,
  ): Promise<void> {
    return this.prober.ask(
      {
        ...part,
        padded: true,
        send: (probe) => this.network.unicast(probe, at),
        peerOf: (answer, match) => peerOf(at, answer, match),
      },
      found,
      signal,
    );
  }
}

/** Only the host that was asked may answer, from the port it was asked at, and speak for itself only. */
const peerOf = (asked: RemoteAddress, { from }: Datagram, { addresses }: ProbeMatch): string | undefined => {
  if (from.port !== asked.port || !isSameAddress(from.address, asked.address)) return undefined;
  const address = addresses.find(({ host }) => isSameAddress(host, asked.address));
  return address && formatAddress({ host: from.address, port: address.port });
};
