import type { Clock } from '../../../driver/index.js';
import type { SegmentInfo } from '../ports.js';
import { acceptList, askForList } from '../retrieval/block-exchange.js';
import { PeerFault } from '../retrieval/peer-fault.js';
import type { Transport } from '../retrieval/transport.js';
import { blockCount, decodeResponse, encodeRequest, MessageError, SPOKEN_VERSIONS } from '../wire/index.js';
import { asError } from '../../../driver/errors.js';

/** What a peer answered when it was asked what it speaks and has. */
export interface PeerAnswer {
  /** From asking to the first answer, with connecting. */
  readonly ms: number;
  /** Major versions of the retrieval protocol. */
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly segments: {
    readonly asked: number;
    /** Of those, how many it has all blocks of, and how many it has some of. */
    readonly whole: number;
    readonly partial: number;
  };
}

export interface Asking {
  readonly transport: Transport;
  readonly clock: Clock;
  /** For each answer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Asks a peer for its versions, and for its blocks of `segments`, one after the other. @throws PeerFault */
export const askPeer = async (
  peer: string,
  segments: readonly SegmentInfo[],
  asking: Asking,
): Promise<PeerAnswer> => {
  const started = asking.clock.now();
  const question = encodeRequest({ _tag: 'Negotiation', ...SPOKEN_VERSIONS });
  const { minVersion, maxVersion } = await ask(peer, question, asking, acceptVersions);
  const ms = asking.clock.now() - started;
  let [whole, partial] = [0, 0];
  for (const segment of segments) {
    const ranges = await ask(peer, askForList(segment), asking, (answer) => acceptList(segment, answer));
    const blocks = ranges.reduce((sum, { count }) => sum + count, 0);
    if (blocks >= blockCount(segment)) whole += 1;
    else if (blocks > 0) partial += 1;
  }
  return {
    ms,
    minVersion: minVersion.major,
    maxVersion: maxVersion.major,
    segments: { asked: segments.length, whole, partial },
  };
};

/** Lends the answer to `read` when it is there. Rejects with a PeerFault, with what `read` throws, or the signal's reason. */
const ask = <Result>(
  peer: string,
  message: Buffer,
  { transport, clock, timeoutMs, signal }: Asking,
  read: (answer: Buffer) => Result,
): Promise<Result> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stopWaiting = (): void => {
      signal.removeEventListener('abort', onAbort);
      cancelTimer();
    };
    const exchange = transport.post(peer, message, {
      onAnswer: (answer) => {
        stopWaiting();
        try {
          resolve(read(answer));
        } catch (error) {
          reject(asError(error));
        }
      },
      onFailure: (fault) => {
        stopWaiting();
        reject(fault);
      },
    });
    const giveUp = (reason: Error): void => {
      stopWaiting();
      exchange.abort();
      reject(reason);
    };
    const onAbort = (): void => giveUp(signal.reason as Error);
    const cancelTimer = clock.schedule(timeoutMs, () =>
      giveUp(new PeerFault(`no answer within ${timeoutMs} ms`, 'no-answer-in-time')),
    );
    signal.addEventListener('abort', onAbort);
  });

const acceptVersions = (answer: Buffer) => {
  try {
    const response = decodeResponse(answer);
    if (response._tag === 'Negotiation') return response;
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
  }
  throw new PeerFault('answered another question');
};
