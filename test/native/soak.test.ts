import { afterAll, expect, it } from 'vitest';
import { createWindowsDriver } from '../../src/native/index.js';
import { leftoversOf } from './leftovers.js';
import { AT_ONCE, buildSimulators } from './simulators.js';

const simulators = buildSimulators();
const [machine] = simulators.machines;
afterAll(() => simulators.remove());

const CYCLES = Number(process.env['PEERWEAVE_SOAK_CYCLES'] ?? 2_000);
const LIMIT_MS = 60_000 + CYCLES * 10;
const [DISABLED, AVAILABLE] = [0, 2];
// V8 gives memory back when it likes; a leak of the smallest block in every cycle of a long run is far above this.
const GROWTH_BYTES = 64 * 1024 * 1024;

/**
 * Opens, registers, changes and closes again and again (PEERWEAVE_SOAK_CYCLES times). The simulators' own counters and
 * the memory of the process say whether anything stays behind.
 */
it(
  'leaves nothing behind, however often',
  async () => {
    const { grouping, identity, distribution, dispose } = createWindowsDriver({
      libraries: machine.libraries,
    });
    await grouping.startup();
    const creatorPeerName = await identity.create({});
    const group = await grouping.create({ creatorPeerName });
    let warm = 0;
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const session = await distribution.startup();
      const { changed } = await distribution.registerStatusChange(session);
      machine.peerdist.setStatus(cycle % 2 === 0 ? DISABLED : AVAILABLE, AT_ONCE);
      await changed;
      const events = await grouping.registerEvents(group, [{ kind: 'IncomingData' }], () => undefined);
      await grouping.getEvents(events, 8);
      await grouping.unregisterEvents(events);
      await distribution.shutdown(session);
      if (cycle === Math.floor(CYCLES / 4)) warm = process.memoryUsage.rss();
    }
    const grown = process.memoryUsage.rss() - warm;
    await dispose();
    expect(leftoversOf(simulators)).toEqual({});
    expect(grown).toBeLessThan(GROWTH_BYTES);
  },
  LIMIT_MS,
);
