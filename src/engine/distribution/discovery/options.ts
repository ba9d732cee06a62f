import type { Clock, DistributionEvent } from '../../../driver/index.js';
import { normalisePeer } from '../content/peer-address.js';
import type { BlockSource } from '../ports.js';
import { startDiscovery, type Discovery } from './discovery.js';
import type { DiscoveryLimits } from './limits.js';
import { DISCOVERY_PORT, openUdpNetwork } from './network/udp-network.js';
import type { PeerSource } from './peer-source.js';
import type { Fetching } from './responder.js';
import { isServedAt } from './served-address.js';
import type { TransportAddress } from './wire/index.js';

/** How an engine finds peers, and is found. */
export interface DiscoveryOptions {
  /**
   * Whether neighbours are asked who has a segment; true by default. Theirs are answered in any case, if this engine
   * serves blocks at an address of theirs.
   */
  readonly multicast?: boolean | undefined;
  /** Names of interfaces, or addresses of theirs; by default all but loopback. */
  readonly interfaces?: readonly string[] | undefined;
  /** The UDP port, 3702 by default. Windows peers know no other. */
  readonly port?: number | undefined;
  /**
   * Hosts that are asked one by one, wherever they are, on port 3702 by default: who has a segment, and who fetches the
   * same from an origin. They have to hear such Probes: see `unicastProbes`.
   */
  readonly hosts?: readonly { readonly host: string; readonly port?: number | undefined }[] | undefined;
  /** Peers to ask for every segment, as `host:port` or `[IPv6]:port`. */
  readonly peers?: readonly string[] | undefined;
  /** Other ways to find peers. */
  readonly sources?: readonly PeerSource[] | undefined;
  /**
   * What becomes of Probes that are sent to an address of this machine instead of to everybody on the link. By default
   * they are left to other services of the machine that have the same port. `on-link` answers neighbours, `anywhere`
   * also others, neither with more bytes than the Probe had.
   */
  readonly unicastProbes?: 'ignored' | 'on-link' | 'anywhere' | undefined;
}

export interface DiscoverySurroundings {
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
  readonly emit: (event: DistributionEvent) => void;
  readonly limits: Partial<DiscoveryLimits>;
}

/** Starts discovery beside a server of blocks at `endpoint`, if there is one. */
export type StartDiscovery = (
  source: BlockSource,
  endpoint: TransportAddress | undefined,
  /** What is being fetched here. */
  fetching?: Fetching,
) => Promise<Discovery>;

const LOOPBACK = /^(?:127\.|::1$|localhost$)/i;

/**
 * Whether to discover peers where nobody has said: only an engine that serves more than its own machine sends messages
 * to a network.
 */
export const discoversByDefault = (listen: { readonly host: string } | false): boolean =>
  listen !== false && !LOOPBACK.test(listen.host);

/** Discovery by these options. @throws TypeError for a peer that is no `host:port`. */
export const discoveryBy = (
  options: DiscoveryOptions,
  surroundings: DiscoverySurroundings,
): StartDiscovery => {
  const { multicast = true, port = DISCOVERY_PORT, hosts = [], sources = [], interfaces } = options;
  const { unicastProbes = 'ignored' } = options;
  const peers = (options.peers ?? []).map(requirePeer);
  return (source, endpoint, fetching) =>
    startDiscovery({
      ...surroundings,
      openNetwork: (onDatagram) =>
        openUdpNetwork({
          clock: surroundings.clock,
          port,
          interfaces,
          hearsMulticastAt: (local) => endpoint !== undefined && isServedAt(endpoint, local),
          hearsUnicast: endpoint !== undefined && unicastProbes !== 'ignored',
          onDatagram,
        }),
      multicast,
      hosts: hosts.map((host) => ({ host: host.host, port: host.port ?? DISCOVERY_PORT })),
      peers,
      sources,
      serving: endpoint && { source, endpoint, fetching },
      answersAnywhere: unicastProbes === 'anywhere',
    });
};

const requirePeer = (peer: string): string => {
  const normal = normalisePeer(peer);
  if (normal !== undefined) return normal;
  throw new TypeError(`${JSON.stringify(peer)} is no peer: write host:port or [IPv6]:port`);
};
