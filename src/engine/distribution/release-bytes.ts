import { MessageChannel, type MessagePort } from 'node:worker_threads';

/** Fewer bytes are left to the garbage collector. */
const WORTH = 4_096;

let nowhere: MessagePort | undefined;

/**
 * Gives the memory of `bytes` back to the system at once; they are empty then. Nobody, the system included, may be
 * using them any more. What shares its memory with others is left to the garbage collector.
 *
 * Blocks make garbage by the gigabyte. The collector sees it too late: by then the next blocks lie in memory that no
 * cache has seen, which costs more than encrypting them. A transfer to a port that is closed takes the memory out of
 * the collector's hands and frees it.
 */
export const releaseBytes = (bytes: Uint8Array): void => {
  const { buffer } = bytes;
  if (bytes.byteLength < WORTH || !(buffer instanceof ArrayBuffer)) return;
  if (buffer.byteLength !== bytes.byteLength) return;
  nowhere ??= closedPort();
  nowhere.postMessage(undefined, [buffer]);
};

const closedPort = (): MessagePort => {
  const { port1, port2 } = new MessageChannel();
  port1.close();
  port2.close();
  return port1;
};
