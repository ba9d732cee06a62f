import { spawnSync } from 'node:child_process';
import { missing } from '../../tools.js';

const run = (command: readonly string[]): string => {
  const [file = '', ...args] = command;
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
  if (error !== undefined || status !== 0) throw error ?? new Error(`${command.join(' ')}: ${stderr}`);
  return stdout;
};

/**
 * For `describe.skipIf`: whether this machine cannot make networks of its own, which is said aloud. It takes Linux, root,
 * and the programs `ip` and `nft`. In continuous integration it has to.
 */
export const lacksNamespaces = (): boolean => {
  if (missing('ip') || missing('nft')) return true;
  const name = `peerweave-${process.pid}`;
  try {
    run(['ip', 'netns', 'add', name]);
    run(['ip', 'netns', 'del', name]);
    return false;
  } catch (error) {
    if (process.env['CI'] !== undefined) throw error;
    console.warn('network namespaces need root: the tests with several hosts are left out');
    return true;
  }
};

/** What a host has on one network. */
export interface Plug {
  readonly network: string;
  /** With the length of the prefix; left out: no IPv4. */
  readonly ipv4?: string;
  /** Whether it has the link-local address, or one beside that, with the length of the prefix. */
  readonly ipv6?: boolean | string;
}

/** Hosts in network namespaces, on networks that are bridges between them. */
export class Networks {
  readonly #id: string;
  readonly #made = new Set<string>();
  #cables = 0;

  constructor() {
    this.#id = `pw${process.pid}`;
    this.#addNamespace('switch');
  }

  /** A host with one interface for each plug: `net0`, `net1` … */
  addHost(host: string, ...plugs: readonly Plug[]): void {
    this.#addNamespace(host);
    // Otherwise an address of IPv6 cannot be used for its first second.
    this.write(host, '/proc/sys/net/ipv6/conf/default/accept_dad', '0');
    plugs.forEach((plug, index) => this.plug(host, `net${index}`, plug));
  }

  /** Gives a host one more interface. */
  plug(host: string, device: string, { network, ipv4, ipv6 = false }: Plug): void {
    this.#addNetwork(network);
    this.#cables += 1;
    const port = `port${this.#cables}`;
    const [inside, outside] = [this.#name(host), this.#name('switch')];
    run([
      'ip',
      'link',
      'add',
      device,
      'netns',
      inside,
      'type',
      'veth',
      'peer',
      'name',
      port,
      'netns',
      outside,
    ]);
    run(['ip', '-n', outside, 'link', 'set', port, 'master', network, 'up']);
    this.write(host, `/proc/sys/net/ipv6/conf/${device}/disable_ipv6`, ipv6 === false ? '1' : '0');
    if (ipv4 !== undefined) run(['ip', '-n', inside, 'addr', 'add', ipv4, 'dev', device]);
    if (typeof ipv6 === 'string') run(['ip', '-n', inside, 'addr', 'add', ipv6, 'dev', device, 'nodad']);
    run(['ip', '-n', inside, 'link', 'set', device, 'up']);
  }

  /** The address that a host has for its own link only, without the zone. */
  linkLocal(host: string, device: string): string {
    return /inet6 (fe80:[^/]+)/.exec(this.exec(host, ['ip', '-6', 'addr', 'show', device]))?.[1] ?? '';
  }

  /** Takes an interface away. */
  unplug(host: string, device: string): void {
    run(['ip', '-n', this.#name(host), 'link', 'del', device]);
  }

  /** A route of a host; `via` another one. */
  route(host: string, to: string, via: string): void {
    run(['ip', '-n', this.#name(host), 'route', 'add', to, 'via', via]);
  }

  /** Writes a setting of a host's kernel. */
  write(host: string, path: string, value: string): void {
    this.exec(host, ['sh', '-c', `echo ${value} > ${path}`]);
  }

  /** Adds a rule of the packet filter of a host, in the syntax of nftables. */
  filter(host: string, chain: 'input' | 'output', rule: string): void {
    const script =
      `add table inet t; add chain inet t ${chain} { type filter hook ${chain} priority 0; };` +
      `add rule inet t ${chain} ${rule}`;
    this.exec(host, ['nft', script]);
  }

  /** Bytes of UDP counted by the rules of a host that count. */
  counted(host: string, chain: 'input' | 'output'): number {
    const listing = this.exec(host, ['nft', 'list', 'chain', 'inet', 't', chain]);
    const all = [...listing.matchAll(/counter packets \d+ bytes (\d+)/g)];
    return all.reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  }

  /** Runs a program on a host to its end. @returns its output. */
  exec(host: string, command: readonly string[]): string {
    return run([...this.on(host), ...command]);
  }

  /** What to put in front of a command so that it runs on a host. */
  on(host: string): readonly string[] {
    return ['ip', 'netns', 'exec', this.#name(host)];
  }

  /** Removes all hosts and networks. Programs that still run on a host keep nothing but it alive. */
  remove(): void {
    for (const namespace of this.#made) run(['ip', 'netns', 'del', namespace]);
    this.#made.clear();
    this.#networks.clear();
  }

  readonly #networks = new Set<string>();

  #addNetwork(network: string): void {
    if (this.#networks.has(network)) return;
    this.#networks.add(network);
    const outside = this.#name('switch');
    run(['ip', '-n', outside, 'link', 'add', network, 'type', 'bridge', 'mcast_snooping', '0']);
    run(['ip', '-n', outside, 'link', 'set', network, 'up']);
  }

  #addNamespace(host: string): void {
    const name = this.#name(host);
    run(['ip', 'netns', 'add', name]);
    this.#made.add(name);
    run(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
  }

  #name(host: string): string {
    return `${this.#id}-${host}`;
  }
}
