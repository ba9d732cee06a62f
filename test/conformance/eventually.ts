import { setTimeout as sleep } from 'node:timers/promises';

/** Only so that a hang shows as a failure; nothing is measured with it. */
const PATIENCE_MS = 15_000;
const PAUSE_MS = 5;

/** Asks again until the answer is not `undefined`. */
export const eventually = async <Answer>(ask: () => Promise<Answer | undefined>): Promise<Answer> => {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(PAUSE_MS);
  }
  throw new Error('it did not happen');
};
