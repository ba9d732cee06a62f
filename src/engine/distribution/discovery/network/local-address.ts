import { BlockList, isIPv6 } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';

/** An address of this machine, and who else is on its link. */
export interface LocalAddress {
  /** Tells it from all others, also from the same address of an interface that is gone. */
  readonly id: string;
  readonly family: 'ipv4' | 'ipv6';
  /** Without a zone. */
  readonly address: string;
  /** What IPv6 calls its interface; Windows does so by number, other systems by name. */
  readonly zone: string;
  readonly isLinkLocal: boolean;
  /** Whether `address`, as a socket tells the source of a datagram, lies in the prefix of this one. */
  isOnLink(address: string): boolean;
}

/** What `os.networkInterfaces` tells. */
export type NetworkInterfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** An address without its zone, and the zone, which is empty if there is none. */
export const splitZone = (address: string): readonly [bare: string, zone: string] => {
  const [bare = '', zone = ''] = address.split('%', 2);
  return [bare, zone];
};

/** `address` with the zone that it needs if it is link-local, as sockets take it. */
export const addressWithZone = (
  address: string,
  { zone, isLinkLocal }: Pick<LocalAddress, 'zone' | 'isLinkLocal'>,
): string => (isLinkLocal ? `${address}%${zone}` : address);

/** Whether an address without a zone is good on its own link only. RFC 4291 2.5.6; IPv4 needs no zones. */
export const isLinkLocal = (address: string): boolean => /^fe[89ab][0-9a-f]:/i.test(address);

/**
 * The addresses of the interfaces that are up.
 *
 * @param wanted names of interfaces, or addresses of theirs; by default all but loopback.
 */
export const localAddresses = (
  interfaces: NetworkInterfaces,
  wanted: readonly string[] | undefined,
): LocalAddress[] =>
  Object.entries(interfaces).flatMap(([name, infos = []]) =>
    infos
      .filter(({ internal, address }) =>
        wanted === undefined ? !internal : wanted.includes(name) || wanted.includes(address),
      )
      .map((info) => localAddress(name, info)),
  );

const localAddress = (interfaceName: string, info: NetworkInterfaceInfo): LocalAddress => {
  const family = info.family === 'IPv6' ? 'ipv6' : 'ipv4';
  const index = info.family === 'IPv6' ? `${info.scopeid}` : '';
  const [address] = splitZone(info.address);
  const prefix = new BlockList();
  prefix.addSubnet(address, prefixLength(info), family);
  return {
    id: `${interfaceName} ${address} ${index}`,
    family,
    address,
    zone: process.platform === 'win32' ? index : interfaceName,
    isLinkLocal: isLinkLocal(address),
    isOnLink: (source) => {
      const [bare, zone] = splitZone(source);
      if (isIPv6(bare) !== (family === 'ipv6')) return false;
      if (zone !== '' && zone !== interfaceName && zone !== index) return false;
      return prefix.check(bare, family);
    },
  };
};

/** An address that comes without a prefix is alone on its link. */
const prefixLength = ({ cidr, family }: NetworkInterfaceInfo): number =>
  cidr === null ? (family === 'IPv6' ? 128 : 32) : Number(cidr.split('/')[1]);
