import { randomBytes } from 'node:crypto';
import { systemClock, type PeerReason } from '../driver/index.js';
import { normalisePeer } from './distribution/content/peer-address.js';
import { waitFor } from './distribution/content/wait.js';
import { startDiscovery } from './distribution/discovery/discovery.js';
import { DEFAULT_DISCOVERY_LIMITS } from './distribution/discovery/limits.js';
import { DISCOVERY_PORT, openUdpNetwork } from './distribution/discovery/network/udp-network.js';
import { askPeer, type PeerAnswer } from './distribution/insight/ask-peer.js';
import type { SegmentInfo } from './distribution/ports.js';
import { HttpTransport } from './distribution/retrieval/http-transport.js';
import { PeerFault } from './distribution/retrieval/peer-fault.js';
import { parseContentInformation } from './distribution/wire/index.js';

/** Whom to ask, and for what. */
export interface ProbeOptions {
  /** Peers to ask directly, as `host:port`. */
  readonly peers?: readonly string[] | undefined;
  /**
   * The content that peers are looked for. Without it nobody can be looked for, as the protocol asks who has a segment;
   * named peers tell at least whether they are there.
   */
  readonly contentInformation?: Uint8Array | undefined;
  /** Whether to ask the neighbours by multicast; yes by default. */
  readonly multicast?: boolean | undefined;
  /** Hosts to ask by discovery one by one; port 3702 by default. */
  readonly hosts?: readonly { readonly host: string; readonly port?: number | undefined }[] | undefined;
  /** The port of discovery for multicast, 3702 by default. */
  readonly port?: number | undefined;
  /** Names or addresses of the interfaces to ask on; by default all but loopback. */
  readonly interfaces?: readonly string[] | undefined;
  /** How long each peer may take for an answer; 2 000 ms by default. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A peer that was asked. */
export interface ProbedPeer {
  readonly peer: string;
  /** `discovered`: it said that it has a segment. */
  readonly found: 'named' | 'discovered';
  /** What it answered when it was asked directly, as a retrieval would. */
  readonly answer?: PeerAnswer | undefined;
  /** Why there is no answer. */
  readonly failure?: { readonly reason: PeerReason; readonly detail: string } | undefined;
}

/** What a probe found. */
export interface ProbeReport {
  readonly peers: readonly ProbedPeer[];
  /** What kept discovery from asking, in words. */
  readonly problems: readonly string[];
}

/** Segments that one peer is asked about: enough to see whether it has the content. */
const SEGMENTS_ASKED = 16;
const TIMEOUT_MS = 2_000;

/**
 * Asks the network who has a content, and each who says so, and each named peer, what it speaks and what of the content it
 * has: what a retrieval would do, without one.
 *
 * Use it to find out why nothing comes from peers. It needs no data directory and opens nothing that stays. What a peer
 * fails with is part of the report.
 *
 * @throws ContentInformationError for content information that is none, TypeError for a peer that is no `host:port`,
 * the signal's reason.
 *
 * @example
 * ```ts
 * import { createEngineDriver, probe } from 'peerweave/engine';
 *
 * const engine = createEngineDriver({ dataDir: './probed' });
 * await engine.distribution.startup();
 * const { host, port } = engine.endpoint()!;
 * const { peers } = await probe({ peers: [`${host}:${port}`] });
 * console.log(peers[0]?.answer?.maxVersion); // 2
 * await engine.dispose();
 * ```
 */
export const probe = async (options: ProbeOptions): Promise<ProbeReport> => {
  const { contentInformation, timeoutMs = TIMEOUT_MS } = options;
  const signal = options.signal ?? new AbortController().signal;
  const segments =
    contentInformation === undefined
      ? []
      : parseContentInformation(contentInformation)
          .segments.slice(0, SEGMENTS_ASKED)
          .map(({ info }) => info);
  const named = (options.peers ?? []).map(requirePeer);
  const { found, problems } = await discover(options, segments, signal);
  const transport = new HttpTransport();
  try {
    const ask = async (peer: string, how: ProbedPeer['found']): Promise<ProbedPeer> => {
      const asking = { transport, clock: systemClock, timeoutMs, signal };
      return { peer, found: how, ...(await outcomeOf(askPeer(peer, segments, asking))) };
    };
    const discovered = found.filter((peer) => !named.includes(peer));
    return {
      peers: await Promise.all([
        ...named.map((peer) => ask(peer, found.includes(peer) ? 'discovered' : 'named')),
        ...discovered.map((peer) => ask(peer, 'discovered')),
      ]),
      problems,
    };
  } finally {
    transport.close();
  }
};

const requirePeer = (peer: string): string => {
  const normal = normalisePeer(peer);
  if (normal === undefined)
    throw new TypeError(`${JSON.stringify(peer)} is no peer: write host:port or [IPv6]:port`);
  return normal;
};

const outcomeOf = async (answer: Promise<PeerAnswer>): Promise<Pick<ProbedPeer, 'answer' | 'failure'>> => {
  try {
    return { answer: await answer };
  } catch (error) {
    if (!(error instanceof PeerFault)) throw error;
    return { failure: { reason: error.reason, detail: error.message } };
  }
};

/** Everybody who says, within the time for that, that he has one of the segments. */
const discover = async (
  { multicast = true, hosts = [], port = DISCOVERY_PORT, interfaces }: ProbeOptions,
  segments: readonly SegmentInfo[],
  signal: AbortSignal,
): Promise<{ readonly found: readonly string[]; readonly problems: readonly string[] }> => {
  if (segments.length === 0 || (!multicast && hosts.length === 0)) return { found: [], problems: [] };
  const found = new Set<string>();
  const discovery = await startDiscovery({
    clock: systemClock,
    random: randomBytes,
    emit: (event) => {
      if (event._tag === 'DiscoveryResponseReceived') found.add(event.peer);
    },
    limits: {},
    openNetwork: (onDatagram) =>
      openUdpNetwork({
        clock: systemClock,
        port,
        interfaces,
        hearsMulticastAt: () => false,
        hearsUnicast: false,
        onDatagram,
      }),
    multicast,
    hosts: hosts.map((host) => ({ host: host.host, port: host.port ?? DISCOVERY_PORT })),
    peers: [],
    sources: [],
    serving: undefined,
    answersAnywhere: false,
  });
  try {
    await discovery.find(segments, signal);
    // The first answer ends the search for a reader; here all of them are wanted.
    const ms = DEFAULT_DISCOVERY_LIMITS.answerTimeoutMs;
    await waitFor(new Promise<never>(() => undefined), { clock: systemClock, ms, signal });
    return { found: [...found], problems: discovery.problems };
  } finally {
    await discovery.close();
  }
};
