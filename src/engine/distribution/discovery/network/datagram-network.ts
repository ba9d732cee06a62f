import type { LocalAddress } from './local-address.js';

/** An address and port of another machine, as a socket tells them. */
export interface RemoteAddress {
  /** With the zone of a link-local address. */
  readonly address: string;
  readonly port: number;
}

/**
 * Where a datagram was sent to. `multicast`: the group; then its source is a neighbour's, as routers do not forward what
 * comes from the wrong side. `port`: the port of discovery on an address of this machine, with a source that somebody
 * far away may have made up; a system that does not tell this from multicast says `multicast`. `answer`: a port that
 * only those know who got a message from it.
 */
export type Arrival = 'multicast' | 'port' | 'answer';

/** A datagram that came in. */
export interface Datagram {
  readonly bytes: Buffer;
  readonly from: RemoteAddress;
  readonly arrival: Arrival;
  /** The address of this machine that it was sent to, where the system tells. */
  readonly receivedAt: LocalAddress | undefined;
  /** The addresses of this machine on whose link its source is; none: it comes from elsewhere. */
  links(): readonly LocalAddress[];
  /** Answers from an address of this machine. What cannot be sent is lost. */
  reply(bytes: Buffer, from: LocalAddress): void;
}

/** How discovery reaches other machines. */
export interface DatagramNetwork {
  /** Those in use now. */
  readonly addresses: readonly LocalAddress[];
  /** Why something does not work that should. */
  readonly problems: readonly string[];
  /** Sends to everybody on every link. */
  multicast(bytes: Buffer): void;
  /** Sends to one machine, wherever it is. */
  unicast(bytes: Buffer, to: RemoteAddress): void;
  /** Closes all sockets. Never rejects. */
  close(): Promise<void>;
}
