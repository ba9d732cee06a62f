import { expect, it } from 'vitest';
import { expectFault, expectUnsupported } from './faults.js';
import { leave, ownGroup } from './groups.js';
import { groupNames } from './listings.js';
import { secretText } from './secret-text.js';
import type { Capabilities, Setup } from './setup.js';
import { describeWithDriver } from './world.js';

const PASSWORD = secretText('correct horse battery');

/** Taking a group to another machine. */
export const describeGroupConfig = (name: string, setup: Setup, capabilities: Capabilities): void =>
  describeWithDriver(`${name}: group configuration`, setup, (here) => {
    if (!capabilities.groupConfig) {
      it('is Unsupported', async () => {
        const { driver } = here();
        const { group } = await ownGroup(driver);
        await expectUnsupported(driver.grouping.exportConfig(group, PASSWORD));
        await expectUnsupported(driver.grouping.importConfig('<PEERGROUPCONFIG/>', PASSWORD, false));
        await leave(driver, group);
      });
      return;
    }

    it('is exported under a password', async () => {
      const { driver } = here();
      const { group } = await ownGroup(driver);
      expect(await driver.grouping.exportConfig(group, PASSWORD)).toContain('<PEERGROUPCONFIG');
      await expectFault(driver.grouping.exportConfig(group, secretText('')), 'E_INVALIDARG');
      await leave(driver, group);
    });

    it('moves a group after its identity', async () => {
      const { driver, consumer } = here();
      const { group, identity, groupPeerName } = await ownGroup(driver);
      const xml = await driver.grouping.exportConfig(group, PASSWORD);
      await consumer.grouping.startup();
      await expectFault(
        consumer.grouping.importConfig(xml, PASSWORD, false),
        'E_INVALIDARG',
        'PEER_E_NOT_FOUND',
        'PEER_E_IDENTITY_NOT_FOUND',
        'PEER_E_NO_KEY_ACCESS',
      );
      await consumer.identity.import(await driver.identity.export(identity, PASSWORD), PASSWORD);
      await expectFault(consumer.grouping.importConfig(xml, secretText('wrong'), false), 'E_INVALIDARG');
      const middle = Math.floor(xml.length / 2);
      const changed = xml.slice(0, middle) + (xml[middle] === 'A' ? 'B' : 'A') + xml.slice(middle + 1);
      await expectFault(consumer.grouping.importConfig(changed, PASSWORD, false), 'E_INVALIDARG');
      expect(await groupNames(consumer, identity)).toEqual([]);
      expect(await consumer.grouping.importConfig(xml, PASSWORD, false)).toEqual({ identity, groupPeerName });
      await expectFault(consumer.grouping.importConfig(xml, PASSWORD, false), 'PEER_E_ALREADY_EXISTS');
      expect(await consumer.grouping.importConfig(xml, PASSWORD, true)).toEqual({ identity, groupPeerName });
      expect(await groupNames(consumer, identity)).toEqual([groupPeerName]);
      await leave(consumer, await consumer.grouping.open(identity, groupPeerName, undefined));
      await leave(driver, group);
    });
  });
