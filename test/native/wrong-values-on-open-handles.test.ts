import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { isDriverFault } from '../../src/driver/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { anyValue } from './any-value.js';
import { everyMember } from './every-member.js';
import { leftoversOf, resetMachines } from './leftovers.js';
import { openHandles } from './open-handles.js';
import { buildSimulators } from './simulators.js';

const simulators = buildSimulators();
const { libraries } = simulators.machines[0];
afterAll(() => simulators.remove());

const RUNS = Number(process.env['PEERWEAVE_PROPERTY_RUNS'] ?? 40);
const MEMBERS = everyMember(createWindowsDriver({ libraries })).map(({ name }) => name);

/** Past the check of the handle it is the marshaller that stands between a wrong value and native code. */
describe('whatever a caller hands over behind a handle that is open', () => {
  it.each(MEMBERS)('%s answers, or rejects with a DriverFault', async (name) => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyValue, { maxLength: 4 }), async (args) => {
        const driver = createWindowsDriver({ libraries });
        const member = everyMember(driver).find((known) => known.name === name);
        if (member === undefined) throw new Error(name);
        const handles = await openHandles(driver, name);
        const error: unknown = await member.call(...handles, ...args).then(
          async (answer) => {
            // The key of an identity is its caller's.
            await (answer as { readonly release?: () => Promise<void> } | undefined)?.release?.();
            return undefined;
          },
          (reason: unknown) => reason,
        );
        if (error !== undefined) expect(isDriverFault(error), inspect(error)).toBe(true);
        await driver.dispose();
        expect(leftoversOf(simulators)).toEqual({});
        resetMachines(simulators);
      }),
      { numRuns: RUNS },
    );
  });
});
