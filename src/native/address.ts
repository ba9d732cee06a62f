import { isIPv4, isIPv6 } from 'node:net';
import type { PeerAddress } from '../driver/index.js';
import * as check from './check.js';
import type { FieldTypes, StructInput, StructType, StructValue } from './layout.js';
import type { PEER_ADDRESS } from './layouts.js';

type Types<Layout> = Layout extends StructType<infer Inner extends FieldTypes> ? Inner : never;

const AF_INET6 = 23;
const GROUPS = 8;

/** The eight groups of an IPv6 address. The URL parser knows every way of writing one. */
const groupsOf = (address: string): readonly number[] => {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const numbers = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const start = numbers(head);
  if (tail === undefined) return start;
  const end = numbers(tail);
  return [...start, ...new Array<number>(GROUPS - start.length - end.length).fill(0), ...end];
};

const ipv6Bytes = (text: string): Uint8Array => {
  const address = isIPv4(text) ? `::ffff:${text}` : text;
  if (!isIPv6(address) || address.includes('%')) {
    throw new check.BadValue('address', 'an IPv6 or IPv4 address without a zone');
  }
  return Uint8Array.from(groupsOf(address).flatMap((group) => [group >> 8, group & 0xff]));
};

const ipv6Text = (bytes: Uint8Array): string => {
  const mapped = bytes.subarray(0, 12).every((byte, index) => byte === (index < 10 ? 0 : 0xff));
  if (mapped) return `::ffff:${bytes.subarray(12).join('.')}`;
  const groups = Array.from({ length: GROUPS }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
};

/** PEER_ADDRESS of an endpoint. */
export const toPeerAddress = (endpoint: PeerAddress): StructInput<Types<typeof PEER_ADDRESS>> => {
  const { address, port, flowInfo, scopeId } = check.object(endpoint, 'address');
  return {
    sin6: {
      sin6_family: AF_INET6,
      sin6_port: check.u16(port, 'port'),
      sin6_flowinfo: check.u32(flowInfo ?? 0, 'flowInfo'),
      sin6_addr: ipv6Bytes(check.text(address, 'address')),
      sin6_scope_id: check.u32(scopeId ?? 0, 'scopeId'),
    },
  };
};

export const fromPeerAddress = ({ sin6 }: StructValue<Types<typeof PEER_ADDRESS>>): PeerAddress => ({
  address: ipv6Text(sin6.sin6_addr),
  port: sin6.sin6_port,
  flowInfo: sin6.sin6_flowinfo,
  scopeId: sin6.sin6_scope_id,
});
