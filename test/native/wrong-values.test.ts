import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { isDriverFault } from '../../src/driver/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { everyMember } from './every-member.js';
import { buildSimulators } from './simulators.js';

const simulators = buildSimulators();
const driver = createWindowsDriver({ libraries: simulators.machines[0].libraries });
afterAll(async () => {
  await driver.dispose();
  simulators.remove();
});

/** Everything that JavaScript can hand over, with a liking for what looks almost right. */
const anyValue = fc.oneof(
  fc.anything({ withBigInt: true, withTypedArray: true, withNullPrototype: true, withSparseArray: true }),
  fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
  fc.integer(),
  fc.double(),
  fc.string({ unit: 'binary' }),
  fc.uint8Array(),
  fc.uuid(),
  fc.constantFrom(null, undefined, Number.NaN, -0, 2 ** 53, {}, [], () => 0, Symbol('x')),
  fc.record(
    {
      creatorPeerName: fc.anything(),
      friendlyName: fc.anything(),
      authentication: fc.anything(),
      contentId: fc.anything(),
      tag: fc.anything(),
      maxBytes: fc.anything(),
      roles: fc.anything(),
      type: fc.anything(),
      data: fc.anything(),
      signal: fc.anything(),
      use: fc.anything(),
    },
    { requiredKeys: [] },
  ),
);

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
