import { expect, it } from 'vitest';
import { LIMITS, type GroupProperties } from '../../src/driver/index.js';
import { expectFault } from './faults.js';
import { leave, listen, ownGroup } from './groups.js';
import type { Setup } from './setup.js';
import { describeWithDriver } from './world.js';

/** What a group says about itself and who may change it. */
export const describeGroupProperties = (name: string, setup: Setup): void =>
  describeWithDriver(`${name}: group properties`, setup, (here) => {
    it('keeps what the creator said', async () => {
      const { driver } = here();
      const wanted = {
        classifier: 'club',
        friendlyName: 'Chess & Go',
        comment: '<every> "Tuesday"',
        memberDataLifetime: 86_400,
        presenceLifetime: 600,
        memberDataOptional: true,
        disablePresence: true,
        deferExpiration: true,
      };
      const { group, identity, groupPeerName } = await ownGroup(driver, wanted);
      expect(await driver.grouping.getProperties(group)).toMatchObject({
        ...wanted,
        groupPeerName,
        creatorPeerName: identity,
      });
      await leave(driver, group);
    });

    it('fills in what the creator left open', async () => {
      const { driver } = here();
      const { group } = await ownGroup(driver);
      const properties = await driver.grouping.getProperties(group);
      expect(properties.classifier).toBeUndefined();
      expect(properties.memberDataLifetime).toBe(LIMITS['group.memberDataLifetime.default']);
      expect(properties.presenceLifetime).toBeGreaterThanOrEqual(300);
      expect(properties.authentication).toMatchObject({ certificate: true, password: false });
      expect(properties).toMatchObject({
        memberDataOptional: false,
        disablePresence: false,
        deferExpiration: false,
      });
      await leave(driver, group);
    });

    it('changes names, comments and flags, lastingly, and says so', async () => {
      const { driver } = here();
      const { group, identity, groupPeerName } = await ownGroup(driver, { friendlyName: 'Old' });
      const listener = await listen(driver, group, 'PropertyChanged');
      const before = await driver.grouping.getProperties(group);
      await driver.grouping.setProperties(group, { ...before, friendlyName: 'New', comment: 'changed' });
      expect(await listener.next('PropertyChanged')).toEqual({ _tag: 'PropertyChanged' });
      await listener.stop();
      await driver.grouping.close(group);
      const again = await driver.grouping.open(identity, groupPeerName, undefined);
      expect(await driver.grouping.getProperties(again)).toEqual({
        ...before,
        friendlyName: 'New',
        comment: 'changed',
      });
      await leave(driver, again);
    });

    it.each<[keyof GroupProperties, Partial<GroupProperties>]>([
      ['groupPeerName', { groupPeerName: `${'0'.repeat(40)}.other` }],
      ['creatorPeerName', { creatorPeerName: `${'0'.repeat(40)}.other` }],
      ['cloud', { cloud: 'Elsewhere_' }],
      ['classifier', { classifier: 'other' }],
      ['memberDataLifetime', { memberDataLifetime: 12_345 }],
      ['presenceLifetime', { presenceLifetime: 12_345 }],
    ])('does not change %s', async (_name, change) => {
      const { driver } = here();
      const { group } = await ownGroup(driver, { classifier: 'club' });
      const before = await driver.grouping.getProperties(group);
      await expectFault(
        driver.grouping.setProperties(group, { ...before, ...change }),
        'PEER_E_INVALID_GROUP_PROPERTIES',
      );
      expect(await driver.grouping.getProperties(group)).toEqual(before);
      await leave(driver, group);
    });

    it('refuses texts that are too long', async () => {
      const { driver } = here();
      const { group } = await ownGroup(driver);
      const before = await driver.grouping.getProperties(group);
      await expectFault(
        driver.grouping.setProperties(group, { ...before, friendlyName: 'x'.repeat(256) }),
        'PEER_E_INVALID_GROUP_PROPERTIES',
        'PEER_E_INVALID_FRIENDLY_NAME',
        'E_INVALIDARG',
      );
      expect(await driver.grouping.getProperties(group)).toEqual(before);
      await leave(driver, group);
    });
  });
