import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { isDriverFault } from '../../src/driver/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { anyValue } from './any-value.js';
import { everyMember } from './every-member.js';
import { buildSimulators } from './simulators.js';

const simulators = buildSimulators();
const driver = createWindowsDriver({ libraries: simulators.machines[0].libraries });
afterAll(async () => {
  await driver.dispose();
  simulators.remove();
});

describe('whatever a caller hands over', () => {
  it.each(everyMember(driver))('$name answers, or rejects with a DriverFault', async ({ call }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyValue, { maxLength: 6 }), async (args) => {
        const error: unknown = await call(...args).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error !== undefined) expect(isDriverFault(error), inspect(error)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
