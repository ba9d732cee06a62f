import type { DistributionEvent } from '../../../src/driver/index.js';
import {
  startDiscovery,
  type Discovery,
  type DiscoveryParts,
} from '../../../src/engine/distribution/discovery/discovery.js';
import type {
  Arrival,
  Datagram,
  DatagramNetwork,
} from '../../../src/engine/distribution/discovery/network/datagram-network.js';
import type { LocalAddress } from '../../../src/engine/distribution/discovery/network/local-address.js';
import type { SoughtSegment } from '../../../src/engine/distribution/discovery/peer-source.js';
import type { BlockSource, SegmentInfo, StoredSegment } from '../../../src/engine/distribution/ports.js';
import { blockCount } from '../../../src/engine/distribution/wire/index.js';
import { ManualClock } from '../driver/manual-clock.js';

/** A datagram on its way. */
export interface Sent {
  readonly from: string;
  readonly to: string;
  readonly bytes: Buffer;
}

type Listener = (datagram: Datagram) => void;

const PORT = 3702;
const prefixOf = (address: string): string => address.slice(0, address.lastIndexOf('.'));

const localAddress = (address: string): LocalAddress => ({
  id: address,
  family: 'ipv4',
  address,
  zone: 'lan0',
  isLinkLocal: false,
  isOnLink: (other) => prefixOf(other) === prefixOf(address),
});

/** Networks with a prefix of 24 bits, without sockets and on a clock of their own. */
export class Lan {
  readonly clock = new ManualClock();
  readonly sent: Sent[] = [];
  /** Which datagrams get lost. */
  loses: (datagram: Sent) => boolean = () => false;
  readonly #listeners = new Map<string, Listener>();

  /** What a machine with this address uses. */
  open(address: string, listener: Listener): DatagramNetwork {
    const local = localAddress(address);
    this.#listeners.set(address, listener);
    return {
      addresses: [local],
      problems: [],
      multicast: (bytes) => {
        for (const to of [...this.#listeners.keys()].filter(local.isOnLink)) {
          this.deliver({ from: address, to, bytes }, 'multicast');
        }
      },
      unicast: (bytes, { address: to }) => this.deliver({ from: address, to, bytes }, 'port'),
      close: () => {
        this.#listeners.delete(address);
        return Promise.resolve();
      },
    };
  }

  /** Brings a datagram, whoever may have sent it, to the machine with the address `to`. */
  deliver(datagram: Sent, arrival: Arrival): void {
    this.sent.push(datagram);
    if (this.loses(datagram)) return;
    const { from, to, bytes } = datagram;
    const local = localAddress(to);
    this.#listeners.get(to)?.({
      bytes,
      from: { address: from, port: PORT },
      arrival,
      receivedAt: arrival === 'multicast' ? undefined : local,
      links: () => (local.isOnLink(from) ? [local] : []),
      reply: (answer) => this.deliver({ from: to, to: from, bytes: answer }, 'answer'),
    });
  }
}

/** A machine with discovery. */
export interface Machine extends Discovery {
  readonly address: string;
  readonly events: readonly DistributionEvent[];
}

export const PEER_PORT = 8080;

/** @param held what it has; left out, it serves nobody. */
export const startMachine = async (
  lan: Lan,
  address: string,
  held?: BlockSource,
  parts: Partial<DiscoveryParts> = {},
): Promise<Machine> => {
  const events: DistributionEvent[] = [];
  let counter = 0;
  const discovery = await startDiscovery({
    clock: lan.clock,
    // Numbers that differ, and fractions in the lower half.
    random: (length) => {
      counter += 1;
      const bytes = Buffer.alloc(length);
      bytes.writeUInt32BE(counter, length - 4);
      Buffer.from(address).copy(bytes, 0, 0, length - 4);
      return bytes;
    },
    emit: (event) => events.push(event),
    limits: {},
    openNetwork: (listener) => Promise.resolve(lan.open(address, listener)),
    multicast: true,
    hosts: [],
    peers: [],
    sources: [],
    serving: held && { source: held, endpoint: { host: '0.0.0.0', port: PEER_PORT } },
    answersAnywhere: false,
    ...parts,
  });
  return {
    address,
    events,
    get problems() {
      return discovery.problems;
    },
    answerTimeoutMs: discovery.answerTimeoutMs,
    known: discovery.known,
    find: discovery.find,
    meet: discovery.meet,
    close: discovery.close,
  };
};

/** A segment whose id is made of one number; all other values are placeholders. */
export const segmentOf = (number: number, version: 1 | 2 = 1, blocks = 3): SegmentInfo => {
  const id = Buffer.alloc(32);
  id.writeUInt32BE(number);
  return {
    id,
    hash: version === 1 ? 'sha256' : 'truncated-sha512',
    hashOfData: Buffer.alloc(32),
    secret: Buffer.alloc(32),
    length: version === 1 ? blocks * 65_536 : 50_000,
    blockHashes: Array.from({ length: version === 1 ? blocks : 1 }, () => Buffer.alloc(32)),
  };
};

/** Segments of which all blocks are there, or those with the given numbers. */
export const holding = (
  ...entries: readonly (SegmentInfo | readonly [SegmentInfo, readonly number[]])[]
): BlockSource => {
  const segments = new Map<string, StoredSegment>();
  for (const entry of entries) {
    const [info, blocks] = 'id' in entry ? [entry, undefined] : entry;
    const has = (index: number): boolean =>
      blocks === undefined ? index < blockCount(info) : blocks.includes(index);
    const unused = (): never => {
      throw new Error('discovery reads no blocks');
    };
    segments.set(info.id.toString(), {
      info,
      has,
      read: unused,
      lend: unused,
      write: unused,
    });
  }
  return { find: (id) => segments.get(Buffer.from(id).toString()) };
};

/** Lets `machine` look for `segments`, and the clock run until the answers are in. */
export const lookFor = async (
  lan: Lan,
  machine: Machine,
  segments: readonly SoughtSegment[],
): Promise<readonly string[]> => {
  const finding = machine.find(segments, AbortSignal.timeout(10_000));
  await settle();
  lan.clock.advance(300);
  await settle();
  return finding;
};

/** Lets everything happen that does not wait for the clock. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
};

/** The tags of events, in order. */
export const tagsOf = (events: readonly DistributionEvent[]): readonly string[] =>
  events.map(({ _tag }) => _tag);
