import { expect, it } from 'vitest';
import { HRESULT_CODES } from '../../src/driver/index.js';
import { expectFault, expectUnsupported, aborted } from './faults.js';
import { connectBoth, guid, joinedMember, leave, listen, ownGroup, ROLES } from './groups.js';
import { itemsOf } from './listings.js';
import { secretText } from './secret-text.js';
import type { Capabilities, Setup } from './setup.js';
import { describeWithDriver } from './world.js';

const GREETING = guid('aaaaaaaa-0000-4000-8000-000000000001');
const NOWHERE = { address: '::1', port: 1 };

/** Going online and talking to other members. */
export const describeGroupMembers = (name: string, setup: Setup, capabilities: Capabilities): void =>
  describeWithDriver(`${name}: group members`, setup, (here) => {
    it('can be reached, or cannot, as the driver says', () => {
      expect(here().driver.grouping.canConnect).toBe(capabilities.connect);
    });

    if (!capabilities.connect) {
      it('are Unsupported one and all', async () => {
        const { driver } = here();
        const { grouping } = driver;
        const { group, identity } = await ownGroup(driver);
        await expectUnsupported(grouping.connect(group));
        await expectUnsupported(grouping.connectByAddress(group, [NOWHERE]));
        await expectUnsupported(grouping.openDirectConnection(group, identity, NOWHERE));
        await expectUnsupported(grouping.closeDirectConnection(group, 1n));
        await expectUnsupported(grouping.sendData(group, 1n, GREETING, new Uint8Array()));
        await leave(driver, group);
      });
      return;
    }

    it('is one that listens while it is alone', async () => {
      const { driver } = here();
      const { group } = await ownGroup(driver);
      const listener = await listen(driver, group, 'StatusChanged', 'ConnectionFailed');
      await expectFault(driver.grouping.connect(group, { signal: aborted() }), 'ERROR_OPERATION_ABORTED');
      await driver.grouping.connect(group);
      const { status } = await listener.next('StatusChanged');
      expect(status).toEqual({ listening: true, hasConnections: false });
      expect(await driver.grouping.getStatus(group)).toEqual(status);
      await driver.grouping.connect(group);
      await listener.stop();
      await leave(driver, group);
    });

    it('stay online until the last handle is closed', async () => {
      const { driver } = here();
      const { group, identity, groupPeerName } = await ownGroup(driver);
      await driver.grouping.connect(group);
      const second = await driver.grouping.open(identity, groupPeerName, undefined);
      await driver.grouping.close(group);
      expect(await driver.grouping.getStatus(second)).toMatchObject({ listening: true });
      await driver.grouping.close(second);
      const third = await driver.grouping.open(identity, groupPeerName, undefined);
      expect(await driver.grouping.getStatus(third)).toEqual({ listening: false, hasConnections: false });
      await leave(driver, third);
    });

    it('meet', async () => {
      const { driver, consumer } = here();
      const owner = await ownGroup(driver);
      const member = await joinedMember(driver, owner.group, consumer);
      const listener = await listen(driver, owner.group, 'MemberChanged', 'NeighborConnection');
      await connectBoth(driver, owner.group, consumer, member.group);
      expect(await listener.next('MemberChanged')).toMatchObject({ identity: member.identity });
      expect(await listener.next('NeighborConnection')).toMatchObject({ change: 'connected' });
      expect((await consumer.grouping.getProperties(member.group)).creatorPeerName).toBe(owner.identity);

      const members = await itemsOf(
        driver,
        await driver.grouping.enumerateMembers(owner.group, { presentOnly: true }),
      );
      expect(members[0]?.identity).toBe(owner.identity);
      expect(members.map(({ identity }) => identity).sort()).toEqual(
        [owner.identity, member.identity].sort(),
      );
      const [neighbour] = await itemsOf(
        driver,
        await driver.grouping.enumerateConnections(owner.group, ['neighbor']),
      );
      expect(neighbour).toMatchObject({ kind: 'neighbor', peerName: member.identity });

      await leave(consumer, member.group);
      expect(await listener.next('NeighborConnection')).toMatchObject({ change: 'disconnected' });
      await listener.stop();
      await leave(driver, owner.group);
    });

    if (capabilities.passwordGroups)
      it('fail to connect by a wrong password, and say so by an event', async () => {
        const { driver, consumer } = here();
        const { group } = await ownGroup(driver, {
          authentication: {
            certificate: true,
            password: true,
            groupPassword: secretText('correct horse battery'),
            passwordRole: ROLES.member,
          },
        });
        await driver.grouping.connect(group);
        await consumer.grouping.startup();
        const joined = await consumer.grouping.joinWithPassword(
          undefined,
          await driver.grouping.createPasswordInvitation(group),
          secretText('wrong horse battery'),
          undefined,
        );
        const listener = await listen(consumer, joined, 'ConnectionFailed');
        await consumer.grouping.connect(joined);
        expect((await listener.next('ConnectionFailed')).reason).toBe(HRESULT_CODES.PEER_E_NOT_AUTHORIZED);
        await listener.stop();
        await leave(consumer, joined);
        await leave(driver, group);
      });

    it('that nobody waits for learn that there is nobody', async () => {
      const { driver, consumer } = here();
      const { group } = await ownGroup(driver);
      const member = await joinedMember(driver, group, consumer);
      const listener = await listen(consumer, member.group, 'ConnectionFailed');
      await consumer.grouping.connect(member.group);
      expect((await listener.next('ConnectionFailed')).reason).toBe(HRESULT_CODES.PEER_E_NO_MEMBERS_FOUND);
      await listener.stop();
      await leave(consumer, member.group);
      await leave(driver, group);
    });

    it('talk over a direct connection in order, until one hangs up', async () => {
      const { driver, consumer } = here();
      const owner = await ownGroup(driver);
      const member = await joinedMember(driver, owner.group, consumer);
      await connectBoth(driver, owner.group, consumer, member.group);
      const near = await listen(driver, owner.group, 'DirectConnection', 'IncomingData');
      const far = await listen(consumer, member.group, 'DirectConnection', 'IncomingData');
      const [, other] = await itemsOf(
        driver,
        await driver.grouping.enumerateMembers(owner.group, { presentOnly: true }),
      );
      const [address] = other!.addresses;
      const id = await driver.grouping.openDirectConnection(owner.group, member.identity, address!);
      expect(await near.next('DirectConnection')).toMatchObject({ change: 'connected', connectionId: id });
      const { connectionId } = await far.next('DirectConnection');
      for (const byte of [1, 2, 3])
        await driver.grouping.sendData(owner.group, id, GREETING, Uint8Array.of(byte));
      for (const byte of [1, 2, 3])
        expect(await far.next('IncomingData')).toEqual({
          _tag: 'IncomingData',
          connectionId,
          type: GREETING,
          data: Uint8Array.of(byte),
        });
      await consumer.grouping.sendData(member.group, connectionId, GREETING, Uint8Array.of(4));
      expect((await near.next('IncomingData')).data).toEqual(Uint8Array.of(4));

      await driver.grouping.closeDirectConnection(owner.group, id);
      await expectFault(
        driver.grouping.closeDirectConnection(owner.group, id),
        'PEER_E_CONNECTION_NOT_FOUND',
      );
      await expectFault(
        driver.grouping.sendData(owner.group, id, GREETING, new Uint8Array()),
        'PEER_E_CONNECTION_NOT_FOUND',
      );
      expect(await far.next('DirectConnection')).toMatchObject({ change: 'disconnected', connectionId });
      await near.stop();
      await far.stop();
      await leave(consumer, member.group);
      await leave(driver, owner.group);
    });

    it('do not connect to themselves', async () => {
      const { driver } = here();
      const { group, identity } = await ownGroup(driver);
      await driver.grouping.connect(group);
      await expectFault(
        driver.grouping.openDirectConnection(group, identity, NOWHERE),
        'PEER_E_CONNECT_SELF',
      );
      await leave(driver, group);
    });
  });
