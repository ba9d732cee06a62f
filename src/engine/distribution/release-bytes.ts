import { MessageChannel, type MessagePort } from 'node:worker_threads';

/** Fewer bytes are left to the garbage collector. */
const WORTH = 4_096;

/** What a decrypted block has behind it. Who shares memory shares more than that. */
const MOST_UNUSED = 16;

/** Twice what is released together: the blocks of one write, of which those of version 2 are two megabytes. */
const PIECE_TO_REMEMBER = 4 * 1024 * 1024;

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
  if (buffer.byteLength - bytes.byteLength > MOST_UNUSED) return;
  nowhere ??= openNowhere();
  nowhere.postMessage(undefined, [buffer]);
};

/**
 * The allocator of glibc gives free memory at the end of its heap back to the system from 128 KiB on, or from twice the
 * greatest piece on that it has been given back in its life (mallopt(3), M_TRIM_THRESHOLD). Blocks that come and go
 * would have the system take and clear their pages again and again, a fifth of a transfer; so it is given a larger one,
 * which nobody touches.
 */
const openNowhere = (): MessagePort => {
  const port = closedPort();
  port.postMessage(undefined, [new ArrayBuffer(PIECE_TO_REMEMBER)]);
  return port;
};

const closedPort = (): MessagePort => {
  const { port1, port2 } = new MessageChannel();
  port1.close();
  port2.close();
  return port1;
};
