import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

const TICK_MS = 5;
/** What may go through at once after a pause, in parts of a second. */
const BURST = 1 / 20;

/** A line that carries so many bytes a second to clients, whatever the number of connections, and counts them. */
export interface SlowLine {
  readonly port: number;
  /** The bytes since the last time it was asked. */
  take(): number;
  close(): void;
}

/** Opens one that leads to the port `target` of 127.0.0.1. */
export const slowLine = async (
  target: number,
  bytesPerSecond: number,
  host = '127.0.0.1',
): Promise<SlowLine> => {
  let carried = 0;
  let budget = 0;
  const waiting = new Set<() => void>();
  const timer = setInterval(() => {
    budget = Math.min(budget + (bytesPerSecond * TICK_MS) / 1000, bytesPerSecond * BURST);
    for (const wake of waiting) wake();
    waiting.clear();
  }, TICK_MS);
  const sockets = new Set<Socket>();
  const carry = async (near: Socket, far: Socket): Promise<void> => {
    for await (const piece of far as AsyncIterable<Buffer>) {
      while (budget <= 0) await new Promise<void>((resolve) => waiting.add(resolve));
      budget -= piece.length;
      if (near.destroyed) return;
      carried += piece.length;
      if (!near.write(piece)) await Promise.race([once(near, 'drain'), once(near, 'close')]);
    }
    near.end();
  };
  const server = createServer((near) => {
    const far = connect({ port: target, host: '127.0.0.1' });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    near.pipe(far);
    near.on('close', () => far.destroy());
    carry(near, far).catch(() => near.destroy());
  });
  await once(server.listen(0, host), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    take: () => {
      const bytes = carried;
      carried = 0;
      return bytes;
    },
    close: () => {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
};
