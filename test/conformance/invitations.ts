import { expect, it } from 'vitest';
import { fileTimeFromMillis } from '../../src/driver/index.js';
import { expectBytes } from './bytes.js';
import { aborted, expectFault, expectUnsupported } from './faults.js';
import { joinedMember, leave, ownGroup, ROLES } from './groups.js';
import { groupNames } from './listings.js';
import { secretText } from './secret-text.js';
import type { Capabilities, Setup } from './setup.js';
import { describeWithDriver } from './world.js';

const PASSWORD = 'correct horse battery';

const PASSWORD_GROUP = {
  authentication: {
    certificate: true,
    password: true,
    groupPassword: secretText(PASSWORD),
    passwordRole: ROLES.member,
  },
} as const;

/** Who comes into a group and by what. */
export const describeInvitations = (name: string, setup: Setup, capabilities: Capabilities): void =>
  describeWithDriver(`${name}: invitations`, setup, (here) => {
    if (!capabilities.invitations) {
      it('are Unsupported one and all', async () => {
        const { driver } = here();
        const { grouping } = driver;
        const { group, identity } = await ownGroup(driver);
        const identityXml = await driver.identity.getXml(identity);
        const invitation = '<PEERINVITATION/>';
        await expectUnsupported(grouping.createInvitation(group, { identityXml, roles: [ROLES.member] }));
        await expectUnsupported(grouping.createPasswordInvitation(group));
        await expectUnsupported(grouping.parseInvitation(invitation));
        await expectUnsupported(grouping.join(identity, invitation, undefined));
        await expectUnsupported(
          grouping.joinWithPassword(identity, invitation, secretText(PASSWORD), undefined),
        );
        await expectUnsupported(
          grouping.issueCredentials(group, { subjectIdentity: identity, store: false }),
        );
        await leave(driver, group);
      });
      return;
    }

    it('say what they are to anybody', async () => {
      const { driver, consumer } = here();
      const { group, identity, groupPeerName } = await ownGroup(driver, { friendlyName: 'Chess' });
      await consumer.grouping.startup();
      const invitee = await consumer.identity.create({ friendlyName: 'Bo' });
      const key = await consumer.identity.getKey(invitee);
      const expiration = fileTimeFromMillis(Date.UTC(2040, 0));
      const invitation = await driver.grouping.createInvitation(group, {
        identityXml: await consumer.identity.getXml(invitee),
        expiration,
        roles: [ROLES.member],
      });
      const info = await consumer.grouping.parseInvitation(invitation);
      expect(info).toMatchObject({
        groupPeerName,
        groupFriendlyName: 'Chess',
        issuerPeerName: identity,
        subjectPeerName: invitee,
        validTo: expiration,
        roles: [ROLES.member],
        authentication: 'certificate',
      });
      expectBytes(info.subjectPublicKey!, key.publicKey);
      await key.release();
      await consumer.grouping.shutdown();
      await leave(driver, group);
    });

    it('let the invited identity join, and nobody else', async () => {
      const { driver, consumer } = here();
      const { group, groupPeerName } = await ownGroup(driver);
      await consumer.grouping.startup();
      const [invitee, other] = [await consumer.identity.create({}), await consumer.identity.create({})];
      const invitation = await driver.grouping.createInvitation(group, {
        identityXml: await consumer.identity.getXml(invitee),
        roles: [ROLES.member],
      });
      const call = { signal: aborted() };
      await expectFault(
        consumer.grouping.join(invitee, invitation, undefined, call),
        'ERROR_OPERATION_ABORTED',
      );
      await expectFault(
        consumer.grouping.join(other, invitation, undefined),
        'PEER_E_INVITATION_NOT_TRUSTED',
        'E_INVALIDARG',
      );
      const joined = await consumer.grouping.join(invitee, invitation, undefined);
      expect(await groupNames(consumer, invitee)).toEqual([groupPeerName]);
      await expectFault(consumer.grouping.join(invitee, invitation, undefined), 'PEER_E_GROUP_IN_USE');
      await expectFault(consumer.grouping.getProperties(joined), 'PEER_E_GROUP_NOT_READY');
      await consumer.grouping.close(joined);
      await leave(consumer, await consumer.grouping.open(invitee, groupPeerName, undefined));
      await leave(driver, group);
    });

    it('are worth nothing when they are changed or are something else', async () => {
      const { driver, consumer } = here();
      const { group } = await ownGroup(driver);
      const identityXml = await consumer.identity.getXml(undefined);
      const roles = [ROLES.member];
      const invitation = await driver.grouping.createInvitation(group, { identityXml, roles });
      await consumer.grouping.startup();
      const middle = Math.floor(invitation.length / 2);
      const letter = invitation[middle] === 'A' ? 'B' : 'A';
      const changed = invitation.slice(0, middle) + letter + invitation.slice(middle + 1);
      for (const wrong of ['', 'nothing', '<PEERINVITATION VERSION="1.0"/>', changed]) {
        const symbols = ['PEER_E_INVITATION_NOT_TRUSTED', 'E_INVALIDARG'] as const;
        await expectFault(consumer.grouping.join(undefined, wrong, undefined), ...symbols);
        await expectFault(consumer.grouping.parseInvitation(wrong), ...symbols);
      }
      await consumer.grouping.shutdown();
      await expectFault(
        driver.grouping.createInvitation(group, { identityXml: 'nobody', roles }),
        'E_INVALIDARG',
      );
      await expectFault(driver.grouping.createInvitation(group, { identityXml, roles: [] }), 'E_INVALIDARG');
      await leave(driver, group);
    });

    it('run out', async () => {
      const { driver, consumer } = here();
      const { group } = await ownGroup(driver);
      await expectFault(
        driver.grouping.createInvitation(group, {
          identityXml: await consumer.identity.getXml(undefined),
          expiration: fileTimeFromMillis(Date.UTC(2001, 0)),
          roles: [ROLES.member],
        }),
        'E_INVALIDARG',
        'PEER_E_INVALID_TIME_PERIOD',
      );
      await leave(driver, group);
    });

    if (capabilities.passwordGroups)
      it('by password serve any identity', async () => {
        const { driver, consumer } = here();
        const { group, groupPeerName } = await ownGroup(driver, PASSWORD_GROUP);
        const invitation = await driver.grouping.createPasswordInvitation(group);
        await consumer.grouping.startup();
        expect(await consumer.grouping.parseInvitation(invitation)).toMatchObject({
          groupPeerName,
          authentication: 'password',
        });
        const joiner = await consumer.identity.create({});
        const password = secretText(PASSWORD);
        await expectFault(
          consumer.grouping.joinWithPassword(joiner, invitation, password, undefined, { signal: aborted() }),
          'ERROR_OPERATION_ABORTED',
        );
        await expectFault(
          consumer.grouping.join(joiner, invitation, undefined),
          'E_INVALIDARG',
          'PEER_E_INVITATION_NOT_TRUSTED',
        );
        const joined = await consumer.grouping.joinWithPassword(joiner, invitation, password, undefined);
        expect(await groupNames(consumer, joiner)).toEqual([groupPeerName]);
        await leave(consumer, joined);
        await leave(driver, group);
      });

    it('by password need a group that has one', async () => {
      const { driver } = here();
      const { group } = await ownGroup(driver);
      await expectFault(
        driver.grouping.createPasswordInvitation(group),
        'E_INVALIDARG',
        'PEER_E_NOT_AUTHORIZED',
      );
      await leave(driver, group);
    });

    it('grow out of credentials for members that the group knows', async () => {
      const { driver, consumer } = here();
      const { group } = await ownGroup(driver);
      const joined = await joinedMember(driver, group, consumer);
      const { grouping } = driver;
      await expectFault(
        grouping.issueCredentials(group, { subjectIdentity: `${'0'.repeat(40)}.who`, store: false }),
        'PEER_E_IDENTITY_NOT_FOUND',
      );
      await leave(consumer, joined.group);
      await leave(driver, group);
    });
  });
