import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Cancel, Clock } from '../../../../driver/index.js';
import type { Arrival, Datagram, DatagramNetwork, RemoteAddress } from './datagram-network.js';
import {
  addressWithZone,
  localAddresses,
  type LocalAddress,
  type NetworkInterfaces,
} from './local-address.js';
import { openUdpSocket, type UdpSocket } from './udp-socket.js';
import { messageOf } from '../../../../driver/errors.js';

/** The port of WS-Discovery. */
export const DISCOVERY_PORT = 3702;

const GROUP_V4 = '239.255.255.250';
const GROUP_V6 = 'ff02::c';
const ANY_V4 = '0.0.0.0';
const ANY_V6 = '::';

/** Pause between two looks at the interfaces. */
export const LOOK_MS = 2_000;

export interface UdpNetworkOptions {
  readonly clock: Clock;
  readonly port: number;
  /** Names of interfaces or addresses of theirs; by default all but loopback. */
  readonly interfaces?: readonly string[] | undefined;
  /** On whose links to listen for what is sent to the group. */
  readonly hearsMulticastAt: (local: LocalAddress) => boolean;
  /** Whether to listen as well for what is sent to the port of each address. */
  readonly hearsUnicast: boolean;
  readonly onDatagram: (datagram: Datagram) => void;
  /** Which interfaces there are. */
  readonly look?: (() => NetworkInterfaces) | undefined;
}

/** Sockets on all addresses of this machine. Resolves when those that can be opened are; never rejects. */
export const openUdpNetwork = async (options: UdpNetworkOptions): Promise<DatagramNetwork> => {
  const network = new UdpNetwork(options);
  await network.refresh();
  return network;
};

interface Link {
  readonly local: LocalAddress;
  readonly socket: UdpSocket;
  /** Why it does not hear what is sent to the port. */
  readonly problem?: string | undefined;
}

/**
 * A socket for each address, to send from it; beside them sockets that hear only what is sent to the groups, so that
 * other services of the machine keep what is sent to its addresses. Which addresses there are is looked up every two
 * seconds, as no system event tells of their coming and going.
 */
class UdpNetwork implements DatagramNetwork {
  readonly #options: UdpNetworkOptions;
  /** By the id of the address. */
  readonly #links = new Map<string, Link>();
  /** One for IPv4, and one for each link-local address. */
  readonly #groups = new Map<string, UdpSocket>();
  /** For machines that may be anywhere, opened when needed. By the address that stands for all. */
  readonly #anywhere = new Map<string, Promise<UdpSocket | undefined>>();
  /** Of the last look. */
  readonly #failures: string[] = [];
  #refreshing: Promise<void> = Promise.resolve();
  #cancelLook: Cancel = () => undefined;
  #closed = false;

  constructor(options: UdpNetworkOptions) {
    this.#options = options;
  }

  get addresses(): readonly LocalAddress[] {
    return [...this.#links.values()].map(({ local }) => local);
  }

  get problems(): readonly string[] {
    return [...this.#failures, ...[...this.#links.values()].flatMap(({ problem }) => problem ?? [])];
  }

  refresh(): Promise<void> {
    this.#refreshing = this.#refreshing.then(() => this.#look());
    return this.#refreshing;
  }

  multicast(bytes: Buffer): void {
    const { port } = this.#options;
    for (const { local, socket } of this.#links.values()) {
      if (local.family === 'ipv4') socket.send(bytes, { address: GROUP_V4, port });
      else if (local.isLinkLocal) socket.send(bytes, { address: addressWithZone(GROUP_V6, local), port });
    }
  }

  unicast(bytes: Buffer, to: RemoteAddress): void {
    const any = isIPv6(to.address) ? ANY_V6 : ANY_V4;
    const opening = this.#anywhere.get(any) ?? this.#openAnywhere(any);
    this.#anywhere.set(any, opening);
    void opening.then((socket) => socket?.send(bytes, to));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelLook();
    await this.#refreshing;
    const links = [...this.#links.values()].map(({ socket }) => socket);
    const anywhere = (await Promise.all(this.#anywhere.values())).flatMap((socket) => socket ?? []);
    await Promise.all([...links, ...this.#groups.values(), ...anywhere].map((socket) => socket.close()));
  }

  async #look(): Promise<void> {
    if (this.#closed) return;
    this.#failures.length = 0;
    const found = new Map(this.#found().map((local) => [local.id, local]));
    for (const id of this.#links.keys()) if (!found.has(id)) await this.#closeLink(id);
    for (const local of found.values()) {
      await this.#attempt(local, () => this.#openLink(local));
    }
    for (const { local } of this.#links.values()) {
      if (!this.#options.hearsMulticastAt(local)) continue;
      await this.#attempt(local, () => this.#joinGroup(local));
    }
    this.#lookAgain();
  }

  #lookAgain(): void {
    if (this.#closed) return;
    this.#cancelLook = this.#options.clock.schedule(LOOK_MS, () => void this.refresh());
  }

  /** Some systems refuse to tell their interfaces at times; then those that were there are taken to be. */
  #found(): readonly LocalAddress[] {
    const { interfaces, look = networkInterfaces } = this.#options;
    try {
      const all = look();
      const none = (interfaces ?? []).filter((name) => localAddresses(all, [name]).length === 0);
      this.#failures.push(...none.map((name) => `${name}: no interface of that name or address is up`));
      return localAddresses(all, interfaces);
    } catch (error) {
      this.#failures.push(describeFailure('interfaces', error));
      return this.addresses;
    }
  }

  /** What fails is noted and tried again with the next look. */
  async #attempt({ address }: LocalAddress, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#failures.push(describeFailure(address, error));
    }
  }

  async #openLink(local: LocalAddress): Promise<void> {
    const link = this.#links.get(local.id) ?? (await this.#newLink(local));
    this.#links.set(local.id, link);
    // Said again with each look: the interface with this address may be another one by now.
    link.socket.multicastOver(local.family === 'ipv4' ? local.address : `::%${local.zone}`);
  }

  async #newLink(local: LocalAddress): Promise<Link> {
    const { port, hearsUnicast } = this.#options;
    if (!hearsUnicast) return { local, socket: await this.#openAt(local, 0, 'answer') };
    try {
      return { local, socket: await this.#openAt(local, port, 'port') };
    } catch (error) {
      // Somebody has the port for himself. Asking takes another one.
      const socket = await this.#openAt(local, 0, 'answer');
      return { local, socket, problem: describeFailure(local.address, error) };
    }
  }

  #openAt(local: LocalAddress, port: number, arrival: Arrival): Promise<UdpSocket> {
    return openUdpSocket({
      address: addressWithZone(local.address, local),
      port,
      onMessage: (bytes, from) => this.#deliver(bytes, from, arrival, local),
      onDeath: () => this.#links.delete(local.id),
    });
  }

  async #joinGroup(local: LocalAddress): Promise<void> {
    if (local.family === 'ipv4') {
      const socket = await this.#groupSocket('ipv4', GROUP_V4, ANY_V4);
      socket.join(GROUP_V4, local.address);
    } else if (local.isLinkLocal) {
      const socket = await this.#groupSocket(local.id, addressWithZone(GROUP_V6, local), ANY_V6);
      socket.join(GROUP_V6, `::%${local.zone}`);
    }
  }

  /** Not every system can bind to a group; bound to `any`, a socket hears unicast as well. */
  async #groupSocket(key: string, group: string, any: string): Promise<UdpSocket> {
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const open = (address: string): Promise<UdpSocket> =>
      openUdpSocket({
        address,
        port: this.#options.port,
        onMessage: (bytes, from) => this.#deliver(bytes, from, 'multicast'),
        onDeath: () => this.#groups.delete(key),
      });
    const socket = await open(group).catch(() => open(any));
    this.#groups.set(key, socket);
    return socket;
  }

  async #openAnywhere(any: string): Promise<UdpSocket | undefined> {
    if (this.#closed) return undefined;
    return openUdpSocket({
      address: any,
      port: 0,
      onMessage: (bytes, from) => this.#deliver(bytes, from, 'answer'),
      onDeath: () => this.#anywhere.delete(any),
    }).catch(() => {
      this.#anywhere.delete(any);
      return undefined;
    });
  }

  async #closeLink(id: string): Promise<void> {
    await this.#links.get(id)?.socket.close();
    await this.#groups.get(id)?.close();
    this.#links.delete(id);
    this.#groups.delete(id);
  }

  #deliver(bytes: Buffer, from: RemoteAddress, arrival: Arrival, receivedAt?: LocalAddress): void {
    if (this.#closed) return;
    this.#options.onDatagram({
      bytes,
      from,
      arrival,
      receivedAt,
      links: () => this.addresses.filter((local) => local.isOnLink(from.address)),
      reply: (answer, local) => this.#links.get(local.id)?.socket.send(answer, from),
    });
  }
}

const describeFailure = (address: string, error: unknown): string => `${address}: ${messageOf(error)}`;
