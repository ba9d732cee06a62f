import { FetchFailure, type FetchedBlock, type PendingBlock } from '../ports.js';
import { releaseBytes } from '../release-bytes.js';
import type { Silence } from './silence.js';

const DELIVERED = new Error('another source has delivered the block');

/**
 * Fetches a block from a first source, and from a second one as well if the first does not deliver it or is silent.
 * Who delivers first ends the other.
 */
export const fetchInTurn = (
  first: () => PendingBlock,
  second: () => PendingBlock,
  silence: Silence,
): PendingBlock => {
  const pending: PendingBlock[] = [];
  const failures: (FetchFailure | undefined)[] = [];
  let isOver = false;
  let stopWaiting = (): void => undefined;
  const block = new Promise<FetchedBlock>((resolve, reject) => {
    const end = (reason: Error): void => {
      isOver = true;
      stopWaiting();
      for (const one of pending) one.cancel(reason);
    };
    const begin = (turn: 0 | 1, source: () => PendingBlock): void => {
      if (isOver || pending[turn] !== undefined) return;
      const one = source();
      pending[turn] = one;
      one.block.then(
        (fetched) => {
          if (turn === 0) silence.end();
          if (isOver) releaseBytes(fetched.bytes);
          else {
            end(DELIVERED);
            resolve(fetched);
          }
        },
        (error: unknown) => {
          if (isOver) return;
          if (error instanceof FetchFailure) {
            failures[turn] = error;
            begin(1, second);
            const [before, after] = failures;
            if (before === undefined || after === undefined) return;
            end(after);
            reject(new FetchFailure([...before.attempts, ...after.attempts]));
          } else {
            const reason = error as Error;
            end(reason);
            reject(reason);
          }
        },
      );
    };
    begin(0, first);
    stopWaiting = silence.wait(() => begin(1, second));
  });
  return {
    block,
    asked: () => pending.flatMap((one) => one.asked()),
    cancel: (reason) => {
      // The first to reject with it ends the other.
      for (const one of pending) one.cancel(reason);
    },
  };
};
