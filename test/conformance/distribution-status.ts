import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { DistributionDriver, DistributionStatus, SessionHandle } from '../../src/driver/index.js';
import { eventually } from './eventually.js';
import { expectFault, expectUnsupported } from './faults.js';
import type { Capabilities, Setup } from './setup.js';
import { describeWithDriver } from './world.js';

const until = (
  distribution: DistributionDriver,
  session: SessionHandle,
  status: DistributionStatus,
): Promise<true> =>
  eventually(async () => ((await distribution.getStatus(session)) === status ? true : undefined));

/** Whether a promise has settled by now, after everything that was already under way. */
const isSettled = async (promise: Promise<unknown>): Promise<boolean> => {
  let settled = false;
  const mark = (): void => {
    settled = true;
  };
  promise.then(mark, mark);
  for (let index = 0; index < 20; index += 1) await turn();
  return settled;
};

/** Sessions, the status and the registration for its changes. */
export const describeDistributionStatus = (name: string, setup: Setup, capabilities: Capabilities): void =>
  describeWithDriver(`${name}: distribution status`, setup, (here) => {
    const switchService = (enabled: boolean): Promise<void> => here().switchService(here().driver, enabled);

    it('tells the status and the versions on offer', async () => {
      const { distribution } = here().driver;
      const session = await distribution.startup();
      expect(await distribution.getStatus(session)).toBe('available');
      const { status, minVersion, maxVersion } = await distribution.getStatusInfo(session);
      expect(status).toBe('available');
      expect([1, 2]).toContain(minVersion);
      expect([minVersion, 2]).toContain(maxVersion);
      await distribution.shutdown(session);
    });

    it('is switched by the contract, or that is Unsupported', async () => {
      const { distribution } = here().driver;
      const session = await distribution.startup();
      if (capabilities.setEnabled) {
        await distribution.setEnabled(false);
        await until(distribution, session, 'disabled');
        await distribution.setEnabled(true);
        await until(distribution, session, 'available');
      } else await expectUnsupported(distribution.setEnabled(false));
      await distribution.shutdown(session);
    });

    it('gives every startup a session of its own', async () => {
      const { distribution } = here().driver;
      const [first, second] = [await distribution.startup(), await distribution.startup()];
      expect(first).not.toBe(second);
      await distribution.shutdown(first);
      expect(await distribution.getStatus(second)).toBe('available');
      await distribution.shutdown(second);
    });

    it('answers ERROR_INVALID_HANDLE for a session that was shut down', async () => {
      const { distribution } = here().driver;
      const session = await distribution.startup();
      await distribution.shutdown(session);
      const contentId = Uint8Array.of(1);
      for (const call of [
        () => distribution.shutdown(session),
        () => distribution.getStatus(session),
        () => distribution.getStatusInfo(session),
        () => distribution.registerStatusChange(session),
        () => distribution.unregisterStatusChange(session),
        () => distribution.publishStream(session, { contentId }),
        () => distribution.unpublish(session, contentId),
        () => distribution.openContentInformation(session, { contentId }),
        () => distribution.openContent(session, { tag: new Uint8Array(16) }),
        () => distribution.flush(session, new Uint8Array(16)),
      ])
        await expectFault(call(), 'ERROR_INVALID_HANDLE');
    });

    it('fires a registration once, with the status that it changed to', async () => {
      const { distribution } = here().driver;
      const session = await distribution.startup();
      const first = await distribution.registerStatusChange(session);
      expect(await isSettled(first.changed)).toBe(false);
      await switchService(false);
      expect((await first.changed).status).toBe('disabled');
      await switchService(true);
      await until(distribution, session, 'available');
      expect((await first.changed).status).toBe('disabled');
      await distribution.shutdown(session);
    });

    it('does not fire while the service stays disabled', async () => {
      const { distribution } = here().driver;
      const session = await distribution.startup();
      await switchService(false);
      await until(distribution, session, 'disabled');
      const { changed } = await distribution.registerStatusChange(session);
      await switchService(false);
      expect(await isSettled(changed)).toBe(false);
      await switchService(true);
      expect((await changed).status).not.toBe('disabled');
      await until(distribution, session, 'available');
      await distribution.shutdown(session);
    });

    it('takes one registration at a time in a session, and one in each', async () => {
      const { distribution } = here().driver;
      const [session, other] = [await distribution.startup(), await distribution.startup()];
      const first = await distribution.registerStatusChange(session);
      await expectFault(distribution.registerStatusChange(session), 'ERROR_INVALID_PARAMETER');
      const elsewhere = await distribution.registerStatusChange(other);
      await switchService(false);
      expect((await first.changed).status).toBe('disabled');
      expect((await elsewhere.changed).status).toBe('disabled');
      const again = await distribution.registerStatusChange(session);
      await switchService(true);
      expect((await again.changed).status).not.toBe('disabled');
      await distribution.shutdown(session);
      await distribution.shutdown(other);
    });

    it('ends a registration that is unregistered, and takes a new one then', async () => {
      const { distribution } = here().driver;
      const session = await distribution.startup();
      const { changed } = await distribution.registerStatusChange(session);
      await distribution.unregisterStatusChange(session);
      await expectFault(changed, 'ERROR_OPERATION_ABORTED');
      const next = await distribution.registerStatusChange(session);
      expect(await isSettled(next.changed)).toBe(false);
      await distribution.unregisterStatusChange(session);
      await expectFault(next.changed, 'ERROR_OPERATION_ABORTED');
      await distribution.shutdown(session);
    });

    it('ends a registration with its session', async () => {
      const { distribution } = here().driver;
      const session = await distribution.startup();
      const { changed } = await distribution.registerStatusChange(session);
      await distribution.shutdown(session);
      await expectFault(changed, 'ERROR_OPERATION_ABORTED');
    });

    it('refuses work while it is disabled, and says why', async () => {
      const { distribution } = here().driver;
      const session = await distribution.startup();
      await switchService(false);
      await until(distribution, session, 'disabled');
      const contentId = Uint8Array.of(1);
      for (const call of [
        () => distribution.publishStream(session, { contentId }),
        () => distribution.openContentInformation(session, { contentId }),
        () => distribution.openContent(session, { tag: new Uint8Array(16) }),
        () => distribution.flush(session, new Uint8Array(16)),
      ])
        await expectFault(call(), 'ERROR_ACCESS_DISABLED_BY_POLICY');
      await switchService(true);
      await until(distribution, session, 'available');
      await distribution.shutdown(session);
    });

    it('stops calling an observer that was cancelled, also twice', async () => {
      const { distribution } = here().driver;
      const session = await distribution.startup();
      const cancel = distribution.observe(session, () => expect.fail('it was cancelled'));
      cancel();
      cancel();
      const contentId = Uint8Array.of(1);
      const stream = await distribution.publishStream(session, { contentId });
      await distribution.addToStream(session, stream, Uint8Array.of(1, 2, 3));
      await distribution.completeStream(session, stream);
      await distribution.closeStream(session, stream);
      await distribution.shutdown(session);
    });
  });
