import type { Clock, DistributionEvent } from '../../../driver/index.js';
import type { BlockSource } from '../ports.js';
import { Inbox } from './inbox.js';
import { DEFAULT_DISCOVERY_LIMITS, type DiscoveryLimits } from './limits.js';
import { MulticastSource } from './multicast-source.js';
import { NamedHosts, type ProbedHost } from './named-hosts.js';
import type { Datagram, DatagramNetwork } from './network/datagram-network.js';
import { Others } from './others.js';
import { PeerFinder } from './peer-finder.js';
import type { PeerSource, SoughtSegment } from './peer-source.js';
import { Prober } from './prober.js';
import { Responder, type Fetching } from './responder.js';
import { StaticSource } from './static-source.js';
import { UnicastSource } from './unicast-source.js';
import type { TransportAddress } from './wire/index.js';

export interface DiscoveryParts {
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
  readonly emit: (event: DistributionEvent) => void;
  readonly limits: Partial<DiscoveryLimits>;
  /** Opens the network, which calls back with what comes in. */
  readonly openNetwork: (onDatagram: (datagram: Datagram) => void) => Promise<DatagramNetwork>;
  /** Whether the neighbours are asked. */
  readonly multicast: boolean;
  /** Hosts that are asked one by one. */
  readonly hosts: readonly ProbedHost[];
  /** Peers that are always asked. */
  readonly peers: readonly string[];
  /** Other ways to find peers. */
  readonly sources: readonly PeerSource[];
  /** What others are told of, and where it is served; `undefined`: nothing. */
  readonly serving:
    | {
        readonly source: BlockSource;
        readonly endpoint: TransportAddress;
        /** What those are told who fetch the same. */
        readonly fetching?: Fetching | undefined;
      }
    | undefined;
  /** Whether Probes from other links are answered, if they came to an address of this machine. */
  readonly answersAnywhere: boolean;
}

/** Discovery at work. */
export interface Discovery extends Pick<PeerFinder, 'known' | 'find'> {
  /**
   * Tells of neighbours, and of named hosts, that fetch any of the first of these segments just now. Resolves when the time for answers is
   * over; never rejects.
   */
  meet(segments: readonly SoughtSegment[], met: (peer: string) => void, signal: AbortSignal): Promise<void>;
  /** How long answers are waited for. */
  readonly answerTimeoutMs: number;
  /** What does not work that should, in words. */
  readonly problems: readonly string[];
  /** Stops asking and answering, and closes the network. Never rejects. */
  close(): Promise<void>;
}

/** Starts looking for peers, and answering those who look. Rejects with what `openNetwork` rejects with. */
export const startDiscovery = async (parts: DiscoveryParts): Promise<Discovery> => {
  const { clock, random, emit, serving } = parts;
  const limits = { ...DEFAULT_DISCOVERY_LIMITS, ...parts.limits };
  const fraction = (): number => Buffer.from(random(4)).readUInt32BE() / 2 ** 32;
  const others = new Others(clock, limits.enoughAnswers, fraction);
  const inbox: Inbox = new Inbox({
    clock,
    limits,
    emit,
    answersAnywhere: parts.answersAnywhere,
    isOwn: (bytes) => prober.hasSent(bytes),
    onProbe: (message, probe) => {
      if (prober.owns(probe.messageId)) inbox.ignore(message, 'own');
      else responder?.receive(message, probe);
    },
    onMatch: (message, match) => prober.accept(message, match),
  });
  const ignore = inbox.ignore.bind(inbox);
  const prober: Prober = new Prober({ clock, random, limits, others, emit, ignore });
  const named = new NamedHosts(parts.hosts);
  const isNamed = named.have.bind(named);
  const responder =
    serving && new Responder({ ...serving, isNamed, clock, random, fraction, limits, others, emit, ignore });
  const network = await parts.openNetwork((message) => inbox.receive(message));
  const neighbourhood = parts.multicast ? new MulticastSource(prober, network, serving?.endpoint) : undefined;
  const hosts = new UnicastSource(prober, network, named, serving?.endpoint);
  const finder = new PeerFinder(
    [
      new StaticSource(parts.peers),
      hosts,
      ...(neighbourhood === undefined ? [] : [neighbourhood]),
      ...parts.sources,
    ],
    clock,
    limits,
  );
  return {
    answerTimeoutMs: limits.answerTimeoutMs,
    get problems() {
      return network.problems;
    },
    known: (segment) => finder.known(segment),
    find: (segments, signal, tried) => finder.find(segments, signal, tried),
    meet: async (segments, met, signal) => {
      await Promise.allSettled([
        neighbourhood?.meet(segments, met, signal),
        hosts.meet(segments, met, signal),
      ]);
    },
    close: async () => {
      finder.close();
      prober.close();
      responder?.close();
      await network.close();
    },
  };
};
