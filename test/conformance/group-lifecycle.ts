import { expect, it } from 'vitest';
import {
  fileTimeFromMillis,
  type Driver,
  type GroupCreation,
  type GroupHandle,
} from '../../src/driver/index.js';
import { aborted, expectFault, expectUnsupported } from './faults.js';
import { guid, leave, ownGroup, ROLES } from './groups.js';
import { groupNames } from './listings.js';
import { secretText } from './secret-text.js';
import type { Capabilities, Setup } from './setup.js';
import { describeWithDriver } from './world.js';

const UNKNOWN_GROUP = `${'9876543210'.repeat(4)}.nothing`;
const TYPE = guid('11111111-2222-3333-4444-555555555555');
const SOME_TIME = fileTimeFromMillis(Date.UTC(2030, 0));

/** Every member that takes a group handle first, by what a driver must be able to do to look at the handle at all. */
const callsOn = (
  { grouping }: Driver,
  group: GroupHandle,
  path: string,
): Readonly<Record<'always' | keyof Capabilities, readonly (() => Promise<unknown>)[]>> => ({
  always: [
    () => grouping.getStatus(group),
    () => grouping.getProperties(group),
    () => grouping.registerEvents(group, [{ kind: 'StatusChanged' }], () => undefined),
    () => grouping.close(group),
  ],
  connect: [
    () => grouping.connect(group),
    () => grouping.connectByAddress(group, [{ address: '::1', port: 3587 }]),
    () => grouping.enumerateMembers(group, { presentOnly: false }),
    () => grouping.enumerateConnections(group, ['direct']),
    () => grouping.openDirectConnection(group, 'x', { address: '::1', port: 1 }),
    () => grouping.closeDirectConnection(group, 1n),
    () => grouping.sendData(group, 1n, TYPE, new Uint8Array()),
  ],
  invitations: [
    () => grouping.createInvitation(group, { identityXml: '', roles: [ROLES.member] }),
    () => grouping.createPasswordInvitation(group),
    () => grouping.issueCredentials(group, { subjectIdentity: 'x', store: false }),
  ],
  records: [
    () => grouping.addRecord(group, { type: TYPE, expires: SOME_TIME, data: new Uint8Array() }),
    () => grouping.deleteRecord(group, TYPE),
    () => grouping.getRecord(group, TYPE),
    () => grouping.enumerateRecords(group, undefined),
    () => grouping.searchRecords(group, ''),
    () => grouping.exportDatabase(group, path),
    () => grouping.importDatabase(group, path),
    () => grouping.peerToUniversalTime(group, SOME_TIME),
    () => grouping.universalToPeerTime(group, SOME_TIME),
  ],
  groupConfig: [() => grouping.exportConfig(group, secretText('correct horse'))],
  passwordGroups: [],
  setEnabled: [],
  insight: [],
  sources: [],
  files: [],
  suppliers: [],
});

/** How groups come, are found again and go. */
export const describeGroupLifecycle = (name: string, setup: Setup, capabilities: Capabilities): void =>
  describeWithDriver(`${name}: life of a group`, setup, (here) => {
    it('answers its version and takes one shutdown for each startup', async () => {
      const { grouping } = here().driver;
      await expectFault(grouping.shutdown(), 'E_UNEXPECTED');
      expect((await grouping.startup()).version).toBe(0x0101);
      expect((await grouping.startup()).highestVersion).toBeGreaterThanOrEqual(0x0101);
      await grouping.shutdown();
      await grouping.shutdown();
      await expectFault(grouping.shutdown(), 'E_UNEXPECTED');
    });

    it('wants startup first', async () => {
      const { driver } = here();
      const creatorPeerName = await driver.identity.create({});
      await expectFault(driver.grouping.create({ creatorPeerName }), 'PEER_E_NOT_INITIALIZED');
      await expectFault(
        driver.grouping.open(creatorPeerName, UNKNOWN_GROUP, undefined),
        'PEER_E_NOT_INITIALIZED',
      );
    });

    it('creates a group that is offline and listed with its creator', async () => {
      const { driver } = here();
      const { group, identity } = await ownGroup(driver, { friendlyName: 'Chess', classifier: 'club' });
      expect(await driver.grouping.getStatus(group)).toEqual({ listening: false, hasConnections: false });
      const listing = await driver.identity.enumerateGroups(identity);
      const [only, ...more] = await driver.enumeration.nextItems(listing, 5);
      await driver.enumeration.end(listing);
      expect(more).toEqual([]);
      expect(only?.friendlyName).toBe('Chess');
      expect(only?.peerName).toMatch(/^[0-9a-f]{40}\.club$/);
      expect(only?.peerName).not.toBe(identity);
      await leave(driver, group);
    });

    it('opens a group again, also after a shutdown, with handles of their own', async () => {
      const { driver } = here();
      const { group, identity, groupPeerName } = await ownGroup(driver);
      const second = await driver.grouping.open(identity, groupPeerName, undefined);
      expect(second).not.toBe(group);
      await driver.grouping.close(group);
      expect((await driver.grouping.getProperties(second)).groupPeerName).toBe(groupPeerName);
      await leave(driver, second);
      await driver.grouping.startup();
      const third = await driver.grouping.open(identity, groupPeerName, undefined);
      expect((await driver.grouping.getProperties(third)).creatorPeerName).toBe(identity);
      await leave(driver, third);
    });

    it('takes the default identity when none is named', async () => {
      const { driver } = here();
      await driver.grouping.startup();
      const creatorPeerName = await driver.identity.getDefault();
      const group = await driver.grouping.create({ creatorPeerName });
      const { groupPeerName } = await driver.grouping.getProperties(group);
      const again = await driver.grouping.open(undefined, groupPeerName, undefined);
      await driver.grouping.close(again);
      await driver.grouping.close(group);
      await driver.grouping.delete(undefined, groupPeerName);
      expect(await groupNames(driver, creatorPeerName)).toEqual([]);
      await driver.grouping.shutdown();
    });

    it('answers PEER_E_INVALID_GROUP for a closed handle, whatever is asked of it', async () => {
      const { driver, path } = here();
      const { group } = await ownGroup(driver);
      await driver.grouping.close(group);
      const { always, ...optional } = callsOn(driver, group, path('database'));
      for (const call of always) await expectFault(call(), 'PEER_E_INVALID_GROUP');
      for (const [capability, calls] of Object.entries(optional)) {
        const has = capabilities[capability as keyof Capabilities];
        for (const call of calls)
          await expectFault(call(), 'PEER_E_INVALID_GROUP', ...(has ? [] : (['E_NOTIMPL'] as const)));
      }
      await driver.grouping.shutdown();
    });

    it('does not take back a handle twice', async () => {
      const { driver } = here();
      const { group } = await ownGroup(driver);
      await driver.grouping.close(group);
      await expectFault(driver.grouping.close(group), 'PEER_E_INVALID_GROUP');
      await driver.grouping.shutdown();
    });

    it('deletes a group with all its handles', async () => {
      const { driver } = here();
      const { group, identity, groupPeerName } = await ownGroup(driver);
      const second = await driver.grouping.open(identity, groupPeerName, undefined);
      await driver.grouping.delete(identity, groupPeerName);
      expect(await groupNames(driver, identity)).toEqual([]);
      for (const dead of [group, second])
        await expectFault(driver.grouping.getProperties(dead), 'PEER_E_INVALID_GROUP');
      for (const dead of [group, second])
        await expectFault(driver.grouping.close(dead), 'PEER_E_INVALID_GROUP');
      await expectFault(driver.grouping.delete(identity, groupPeerName), 'PEER_E_NOT_FOUND');
      await expectFault(
        driver.grouping.open(identity, groupPeerName, undefined),
        'PEER_E_NOT_FOUND',
        'E_INVALIDARG',
      );
      await driver.grouping.shutdown();
    });

    it("does not find another identity's groups", async () => {
      const { driver } = here();
      const { group, groupPeerName } = await ownGroup(driver);
      const other = await driver.identity.create({});
      await expectFault(
        driver.grouping.open(other, groupPeerName, undefined),
        'PEER_E_NOT_FOUND',
        'E_INVALIDARG',
        'PEER_E_NO_KEY_ACCESS',
      );
      await expectFault(driver.grouping.delete(other, groupPeerName), 'PEER_E_NOT_FOUND', 'E_ACCESSDENIED');
      expect((await driver.grouping.getProperties(group)).groupPeerName).toBe(groupPeerName);
      await leave(driver, group);
    });

    it.each<[string, string, Parameters<typeof expectFault>[1][]]>([
      ['a malformed name', 'somebody', ['PEER_E_INVALID_PEER_NAME', 'E_INVALIDARG']],
      ['an empty name', '', ['PEER_E_INVALID_PEER_NAME', 'E_INVALIDARG']],
      [
        'nobody',
        UNKNOWN_GROUP,
        ['PEER_E_NO_KEY_ACCESS', 'PEER_E_NOT_FOUND', 'PEER_E_IDENTITY_NOT_FOUND', 'PEER_E_INVALID_PEER_NAME'],
      ],
    ])('creates no group for %s', async (_what, creatorPeerName, symbols) => {
      const { grouping } = here().driver;
      await grouping.startup();
      await expectFault(grouping.create({ creatorPeerName }), ...symbols);
      await grouping.shutdown();
    });

    it('creates no group for a deleted identity', async () => {
      const { driver } = here();
      await driver.grouping.startup();
      const creatorPeerName = await driver.identity.create({});
      await driver.identity.delete(creatorPeerName);
      await expectFault(
        driver.grouping.create({ creatorPeerName }),
        'ERROR_DELETE_PENDING',
        'PEER_E_IDENTITY_NOT_FOUND',
        'PEER_E_NOT_FOUND',
        'PEER_E_NO_KEY_ACCESS',
      );
      await driver.grouping.shutdown();
    });

    it.each<[string, Omit<GroupCreation, 'creatorPeerName'>, Parameters<typeof expectFault>[1][]]>([
      ['a cloud that does not exist', { cloud: 'Nowhere_' }, ['PEER_E_NO_CLOUD']],
      ['a classifier of 150 characters', { classifier: 'x'.repeat(150) }, ['PEER_E_INVALID_CLASSIFIER']],
      [
        'a friendly name of 256 characters',
        { friendlyName: 'x'.repeat(256) },
        ['PEER_E_INVALID_GROUP_PROPERTIES', 'PEER_E_INVALID_FRIENDLY_NAME', 'E_INVALIDARG'],
      ],
      [
        'a comment of 256 characters',
        { comment: 'x'.repeat(256) },
        ['PEER_E_INVALID_GROUP_PROPERTIES', 'E_INVALIDARG'],
      ],
      [
        'a negative lifetime',
        { memberDataLifetime: -1 },
        ['PEER_E_INVALID_GROUP_PROPERTIES', 'E_INVALIDARG'],
      ],
      [
        'no authentication at all',
        { authentication: { certificate: false, password: false } },
        ['PEER_E_INVALID_GROUP_PROPERTIES', 'E_INVALIDARG'],
      ],
    ])('creates no group with %s', async (_what, creation, symbols) => {
      const { driver } = here();
      await driver.grouping.startup();
      const creatorPeerName = await driver.identity.create({});
      await expectFault(driver.grouping.create({ ...creation, creatorPeerName }), ...symbols);
      expect(await groupNames(driver, creatorPeerName)).toEqual([]);
      await driver.grouping.shutdown();
    });

    it('checks the password of a group that is to have one', async () => {
      const { driver } = here();
      await driver.grouping.startup();
      const creatorPeerName = await driver.identity.create({});
      const create = (password: string, passwordRole = ROLES.member): Promise<GroupHandle> =>
        driver.grouping.create({
          creatorPeerName,
          authentication: {
            certificate: true,
            password: true,
            groupPassword: secretText(password),
            passwordRole,
          },
        });
      if (capabilities.passwordGroups) {
        await expectFault(create(''), 'PEER_E_PASSWORD_DOES_NOT_MEET_POLICY');
        const group = await create('correct horse battery');
        const { authentication } = await driver.grouping.getProperties(group);
        expect(authentication).toMatchObject({
          certificate: true,
          password: true,
          passwordRole: ROLES.member,
        });
        await driver.grouping.close(group);
      } else await expectUnsupported(create('correct horse battery'));
      await driver.grouping.shutdown();
    });

    it('does nothing for a call that was aborted before it began', async () => {
      const { driver } = here();
      const { group, identity, groupPeerName } = await ownGroup(driver);
      const call = { signal: aborted() };
      const { grouping } = driver;
      await expectFault(grouping.create({ creatorPeerName: identity }, call), 'ERROR_OPERATION_ABORTED');
      await expectFault(grouping.open(identity, groupPeerName, undefined, call), 'ERROR_OPERATION_ABORTED');
      expect(await groupNames(driver, identity)).toEqual([groupPeerName]);
      await leave(driver, group);
    });

    it('answers a call that is aborted under way by a usable handle or by none', async () => {
      const { driver } = here();
      await driver.grouping.startup();
      const creatorPeerName = await driver.identity.create({});
      const abort = new AbortController();
      const creating = driver.grouping.create({ creatorPeerName }, { signal: abort.signal });
      abort.abort();
      await creating.then(
        (group) => driver.grouping.close(group),
        () => expectFault(creating, 'ERROR_OPERATION_ABORTED'),
      );
      await driver.grouping.shutdown();
    });
  });
