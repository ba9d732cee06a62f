import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { RemoteAddress } from './datagram-network.js';
import { systemCode } from '../../../system-code.js';

/** Where to bind, and who hears of what comes in. */
export interface UdpSocketOptions {
  /** With its zone. */
  readonly address: string;
  readonly port: number;
  readonly onMessage: (bytes: Buffer, from: RemoteAddress) => void;
  /** The socket died by itself. */
  readonly onDeath: (cause: Error) => void;
}

/**
 * A bound UDP socket that lets other sockets of the machine have the same port. Rejects with the system's error when
 * it cannot be bound.
 */
export const openUdpSocket = async (options: UdpSocketOptions): Promise<UdpSocket> => {
  const ipv6 = isIPv6(options.address);
  const socket = createSocket({ type: ipv6 ? 'udp6' : 'udp4', reuseAddr: true, ipv6Only: ipv6 });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: options.address, port: options.port, exclusive: true }, () => {
      socket.off('error', reject);
      resolve();
    });
  }).catch((error: unknown) => {
    socket.close();
    throw error;
  });
  return new UdpSocket(socket, options);
};

/** See {@link openUdpSocket}. */
export class UdpSocket {
  #isOpen = true;

  constructor(
    private readonly socket: Socket,
    { onMessage, onDeath }: UdpSocketOptions,
  ) {
    socket.on('message', (bytes, { address, port }) => onMessage(bytes, { address, port }));
    socket.on('error', (cause) => {
      void this.close();
      onDeath(cause);
    });
  }

  /** Sends, or loses, a datagram. */
  send(bytes: Buffer, to: RemoteAddress): void {
    if (this.#isOpen) this.socket.send(bytes, to.port, to.address, () => undefined);
  }

  /** Receives what is sent to `group` on an interface; does nothing if it does so already. */
  join(group: string, interfaceAddress: string): void {
    try {
      this.socket.addMembership(group, interfaceAddress);
    } catch (error) {
      if (systemCode(error) !== 'EADDRINUSE') throw error;
    }
  }

  /** Sends multicast over an interface, and not farther than its link. */
  multicastOver(interfaceAddress: string): void {
    this.socket.setMulticastInterface(interfaceAddress);
    this.socket.setMulticastTTL(1);
  }

  close(): Promise<void> {
    if (!this.#isOpen) return Promise.resolve();
    this.#isOpen = false;
    return new Promise((resolve) => {
      this.socket.close(() => resolve());
    });
  }
}
