import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Clock } from '../../../driver/index.js';
import { hostAndPort } from '../../../driver/host-and-port.js';
import { HttpServerConnection, type HttpService } from './http-server-connection.js';
import type { RetrievalServerLimits } from './limits.js';
import { Ticker } from './ticker.js';

export interface HttpServerOptions {
  readonly service: HttpService;
  readonly limits: RetrievalServerLimits;
  readonly clock: Clock;
  /** Told of a connection that was one too many. `peer`: `host:port`. */
  readonly onDrop: (peer: string) => void;
}

/**
 * HTTP/1.1 framed directly on sockets: a transfer is very many small exchanges of one kind, for which the objects and
 * streams that node:http makes for each cost as much as encrypting it.
 */
export class HttpServer {
  readonly #server: Server;
  readonly #connections = new Map<Socket, HttpServerConnection>();
  /** How many connections each client has. */
  readonly #ofClients = new Map<string, number>();
  readonly #ticker: Ticker;
  readonly #deathListeners: ((cause: Error) => void)[] = [];

  constructor({ service, limits, clock, onDrop }: HttpServerOptions) {
    this.#ticker = new Ticker(clock, () => this.#review());
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const { remoteAddress = '', remotePort } = socket;
      const ofClient = this.#ofClients.get(remoteAddress) ?? 0;
      if (ofClient >= limits.connectionsPerClient) {
        onDrop(hostAndPort(remoteAddress, remotePort));
        socket.destroy();
        return;
      }
      this.#ofClients.set(remoteAddress, ofClient + 1);
      this.#connections.set(socket, new HttpServerConnection(socket, service, limits, this.#ticker));
      this.#ticker.start();
      socket.on('close', () => this.#forget(socket, remoteAddress));
    });
    this.#server.maxConnections = limits.connections;
    this.#server.on('drop', (client) => onDrop(hostAndPort(client?.remoteAddress, client?.remotePort)));
  }

  /** Binds and listens; rejects with the system's error. */
  async start(host: string, port: number): Promise<{ readonly host: string; readonly port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#server.on('error', (cause) => this.#die(cause));
    this.#server.once('close', () => this.#die(new Error('the listener was closed')));
    const address = this.#server.address() as AddressInfo;
    return { host: address.address, port: address.port };
  }

  close(): Promise<void> {
    this.#deathListeners.length = 0;
    return this.#stop();
  }

  onDeath(listener: (cause: Error) => void): void {
    this.#deathListeners.push(listener);
  }

  /** A listener that cannot accept any more is closed altogether, so that it is dead for everybody. */
  #die(cause: Error): void {
    for (const listener of this.#deathListeners.splice(0)) listener(cause);
    void this.#stop();
  }

  #stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#connections.keys()) socket.destroy();
    });
  }

  #forget(socket: Socket, remoteAddress: string): void {
    this.#connections.delete(socket);
    if (this.#connections.size === 0) this.#ticker.stop();
    const left = (this.#ofClients.get(remoteAddress) ?? 0) - 1;
    if (left > 0) this.#ofClients.set(remoteAddress, left);
    else this.#ofClients.delete(remoteAddress);
  }

  #review(): void {
    for (const connection of this.#connections.values()) connection.review();
  }
}
