import { setImmediate } from 'node:timers/promises';

/** So many are done before the event loop has its turn: two milliseconds at most. */
const IN_A_TURN = 256;

/** Does something quick with each of so many that the event loop should not wait for the last. Rejects with what it throws. */
export const inTurns = async <Item>(items: Iterable<Item>, act: (item: Item) => void): Promise<void> => {
  let count = 0;
  for (const item of items) {
    act(item);
    count += 1;
    if (count % IN_A_TURN === 0) await setImmediate();
  }
};
