import { FetchFailure, type FetchedBlock, type PendingBlock } from '../ports.js';

/** Fetches a block from some, and from others if those do not deliver it. */
export const fetchInTurn = (first: () => PendingBlock, second: () => PendingBlock): PendingBlock => {
  let pending = first();
  let end: { readonly reason: Error } | undefined;
  const fetchBoth = async (): Promise<FetchedBlock> => {
    const failure = await failureOf(pending.block);
    if (!(failure instanceof FetchFailure)) return pending.block;
    if (end !== undefined) throw end.reason;
    pending = second();
    const other = await failureOf(pending.block);
    if (other instanceof FetchFailure) throw new FetchFailure([...failure.attempts, ...other.attempts]);
    return pending.block;
  };
  return {
    block: fetchBoth(),
    cancel: (reason) => {
      end ??= { reason };
      pending.cancel(reason);
    },
  };
};

/** What it rejects with; `undefined` if it does not. */
const failureOf = (block: Promise<FetchedBlock>): Promise<unknown> =>
  block.then(
    () => undefined,
    (error: unknown) => error,
  );
