import { join } from 'node:path';
import { systemClock, type Clock } from '../../src/driver/index.js';
import { expect, it } from 'vitest';
import { BLOCK, contentOf, failureOf, inDirectory, openNode, publishOn, retrieveOn } from './support/node.js';

/** The system's timers under a wall clock that somebody sets. */
const settableClock = (): Clock & { shift: number } => ({
  shift: 0,
  now() {
    return systemClock.now() + this.shift;
  },
  schedule: (ms, task) => systemClock.schedule(ms, task),
});

const YEAR = 365 * 24 * 3_600_000;

it.each([
  ['back', -YEAR],
  ['forward', YEAR],
])('a clock set %s by a year keeps no peer out that is fine now', (_name, jump) =>
  inDirectory(async (directory) => {
    const clock = settableClock();
    const content = contentOf(8 * BLOCK);
    await using reader = await openNode(join(directory, 'reader'), { listen: false, clock });
    await using publisher = await openNode(join(directory, 'publisher'));
    const information = await publishOn(publisher, content);
    // It says that it has nothing of this, which is remembered for seconds.
    await using ignorant = await openNode(join(directory, 'ignorant'));
    const peers = [ignorant.peer];
    expect((await failureOf(retrieveOn(reader, information, { peers })))._tag).toBe('NotFound');

    clock.shift = jump;
    await retrieveOn(ignorant, information, { peers: [publisher.peer] });
    const done = await retrieveOn(reader, information, { peers });
    expect(done.fromPeers[ignorant.peer]).toBe(content.length);
  }),
);
