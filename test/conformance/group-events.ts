import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { expectFault } from './faults.js';
import { eventually } from './eventually.js';
import { leave, ownGroup } from './groups.js';
import type { Setup } from './setup.js';
import { describeWithDriver } from './world.js';

/** Registrations for events, shown on PropertyChanged, which needs no second member. */
export const describeGroupEvents = (name: string, setup: Setup): void =>
  describeWithDriver(`${name}: group events`, setup, (here) => {
    it('signals after the call that registered, and drains to nothing', async () => {
      const { driver } = here();
      const { grouping } = driver;
      const { group } = await ownGroup(driver);
      let signals = 0;
      const registering = grouping.registerEvents(group, [{ kind: 'PropertyChanged' }], () => {
        signals += 1;
      });
      expect(signals).toBe(0);
      const events = await registering;
      expect(await grouping.getEvents(events, 4)).toEqual([]);
      await grouping.setProperties(group, { ...(await grouping.getProperties(group)), comment: 'x' });
      await eventually(async () => (signals > 0 ? true : undefined));
      expect(await grouping.getEvents(events, 4)).toEqual([{ _tag: 'PropertyChanged' }]);
      expect(await grouping.getEvents(events, 4)).toEqual([]);
      await grouping.unregisterEvents(events);
      await leave(driver, group);
    });

    it('tells only what was asked for, and every registration', async () => {
      const { driver } = here();
      const { grouping } = driver;
      const { group } = await ownGroup(driver);
      const deaf = await grouping.registerEvents(group, [{ kind: 'RecordChanged' }], () => undefined);
      const first = await grouping.registerEvents(group, [{ kind: 'PropertyChanged' }], () => undefined);
      const second = await grouping.registerEvents(
        group,
        [{ kind: 'StatusChanged' }, { kind: 'PropertyChanged' }],
        () => undefined,
      );
      await grouping.setProperties(group, { ...(await grouping.getProperties(group)), comment: 'x' });
      for (const events of [first, second])
        await eventually(async () => {
          const [event] = await grouping.getEvents(events, 4);
          return event?._tag === 'PropertyChanged' ? true : undefined;
        });
      expect(await grouping.getEvents(deaf, 4)).toEqual([]);
      for (const events of [deaf, first, second]) await grouping.unregisterEvents(events);
      await leave(driver, group);
    });

    it('is silent after unregistering', async () => {
      const { driver } = here();
      const { grouping } = driver;
      const { group } = await ownGroup(driver);
      let signals = 0;
      const events = await grouping.registerEvents(group, [{ kind: 'PropertyChanged' }], () => {
        signals += 1;
      });
      await grouping.unregisterEvents(events);
      await grouping.setProperties(group, { ...(await grouping.getProperties(group)), comment: 'x' });
      for (let index = 0; index < 20; index += 1) await turn();
      expect(signals).toBe(0);
      await leave(driver, group);
    });

    it('answers E_INVALIDARG for a registration that was given back', async () => {
      const { driver } = here();
      const { grouping } = driver;
      const { group } = await ownGroup(driver);
      const events = await grouping.registerEvents(group, [{ kind: 'StatusChanged' }], () => undefined);
      await grouping.unregisterEvents(events);
      await expectFault(grouping.getEvents(events, 1), 'E_INVALIDARG');
      await expectFault(grouping.unregisterEvents(events), 'E_INVALIDARG');
      await leave(driver, group);
    });

    it('registers for something or not at all', async () => {
      const { driver } = here();
      const { group } = await ownGroup(driver);
      await expectFault(
        driver.grouping.registerEvents(group, [], () => undefined),
        'E_INVALIDARG',
      );
      await leave(driver, group);
    });
  });
