import { setImmediate } from 'node:timers/promises';

/** So many are done before the event loop has its turn: two milliseconds at most. */
const IN_A_TURN = 256;

interface Turns {
  readonly signal?: AbortSignal;
  readonly inATurn?: number;
}

/**
 * Does something quick with each of so many that the event loop should not wait for the last. Rejects with what it throws,
 * and with the signal's reason.
 */
export const inTurns = async <Item>(
  items: Iterable<Item>,
  act: (item: Item) => void,
  { signal, inATurn = IN_A_TURN }: Turns = {},
): Promise<void> => {
  let count = 0;
  for (const item of items) {
    act(item);
    count += 1;
    if (count % inATurn !== 0) continue;
    await setImmediate();
    signal?.throwIfAborted();
  }
};
