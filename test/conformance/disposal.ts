import { expect, it } from 'vitest';
import { expectFault, faultFrom } from './faults.js';
import type { Setup } from './setup.js';
import { describeWithDriver } from './world.js';

/** How a driver ends. */
export const describeDisposal = (name: string, setup: Setup): void =>
  describeWithDriver(`${name}: disposal`, setup, (here) => {
    it('may be asked for again, and refuses whatever would make something new', async () => {
      const { driver } = here();
      await driver.dispose();
      await driver.dispose();
      for (const call of [
        () => driver.distribution.startup(),
        () => driver.distribution.setEnabled(true),
        () => driver.identity.create({}),
        () => driver.identity.getDefault(),
        () => driver.grouping.startup(),
      ]) {
        const fault = await faultFrom(call());
        expect(['ERROR_INVALID_HANDLE', 'ERROR_NOT_SUPPORTED']).toContain(fault.symbol);
      }
    });

    it('voids a session, and ends what waits for its status', async () => {
      const { distribution, dispose } = here().driver;
      const session = await distribution.startup();
      const { changed } = await distribution.registerStatusChange(session);
      const ended = expectFault(changed, 'ERROR_OPERATION_ABORTED', 'ERROR_INVALID_HANDLE');
      await dispose();
      await ended;
      await expectFault(distribution.getStatus(session), 'ERROR_INVALID_HANDLE');
      await expectFault(distribution.shutdown(session), 'ERROR_INVALID_HANDLE');
    });

    it('leaves no session behind that was being opened', async () => {
      const { distribution, dispose } = here().driver;
      const opening = distribution.startup();
      const refused = opening.then(
        // It was there in time, and is void.
        (session) => expectFault(distribution.getStatus(session), 'ERROR_INVALID_HANDLE'),
        () => expectFault(opening, 'ERROR_INVALID_HANDLE', 'ERROR_OPERATION_ABORTED'),
      );
      await dispose();
      await refused;
    });

    it('is told, once, to whoever wants to know', async () => {
      const { driver } = here();
      const told: string[] = [];
      driver.disposal?.whenDisposed(() => told.push('first'));
      driver.disposal?.whenDisposed(() => told.push('second'));
      driver.disposal?.whenDisposed(() => told.push('nobody'))();
      await Promise.all([driver.dispose(), driver.dispose()]);
      expect(told).toEqual(['second', 'first']);
      driver.disposal?.whenDisposed(() => told.push('late'));
      await Promise.resolve();
      expect(told).toEqual(['second', 'first', 'late']);
    });
  });
