import { afterEach, beforeEach, describe } from 'vitest';
import type { Conformance, Setup } from './setup.js';

/** A block of tests that each get a driver of their own. */
export const describeWithDriver = (
  name: string,
  setup: Setup,
  tests: (here: () => Conformance) => void,
): void => {
  describe(name, () => {
    let current: Conformance | undefined;
    beforeEach(async () => {
      current = await setup();
    });
    afterEach(async () => {
      await current?.cleanup();
      current = undefined;
    });
    tests(() => {
      if (current === undefined) throw new Error('a driver exists only while a test runs');
      return current;
    });
  });
};
