import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  fileTimeFromMillis,
  parseGuid,
  type FileTime,
  type GroupCreation,
} from '../../../src/driver/index.js';
import { createGroupingEngine, type GroupingEngine } from '../../../src/engine/grouping/index.js';
import { dataDirectory, drain, faultOf, reasonOf, secret, startEngine } from './support/engine.js';
import { missing } from '../../tools.js';

const MEMBER = parseGuid('f12dc4c7-0857-4ca0-93fc-b1bb19a3d8c2')!;
const passwordGroup = {
  certificate: true,
  password: true,
  groupPassword: secret('correct horse'),
  passwordRole: MEMBER,
};

const startWithIdentity = async () => {
  const engine = await startEngine();
  return { engine, creatorPeerName: await engine.identity.create({ classifier: 'me', friendlyName: 'Me' }) };
};

const propertiesOf = async (engine: GroupingEngine, creation: GroupCreation) =>
  engine.grouping.getProperties(await engine.grouping.create(creation));

describe('start-up', () => {
  test('must precede everything else and is counted', async () => {
    const { grouping } = createGroupingEngine({ dataDir: await dataDirectory() });
    expect(await faultOf(grouping.parseInvitation('<x/>'))).toBe('PEER_E_NOT_INITIALIZED');
    expect(await faultOf(grouping.open(undefined, 'x', undefined))).toBe('PEER_E_NOT_INITIALIZED');
    expect(await faultOf(grouping.shutdown())).toBe('E_UNEXPECTED');
    expect(await grouping.startup()).toEqual({ version: 0x0101, highestVersion: 0x0101 });
    await grouping.startup();
    await grouping.shutdown();
    expect(await faultOf(grouping.parseInvitation('<x/>'))).toBe('E_INVALIDARG');
    await grouping.shutdown();
    expect(await faultOf(grouping.parseInvitation('<x/>'))).toBe('PEER_E_NOT_INITIALIZED');
  });

  test('the last shutdown closes the groups', async () => {
    const { engine, creatorPeerName } = await startWithIdentity();
    const group = await engine.grouping.create({ creatorPeerName });
    await engine.grouping.shutdown();
    await engine.grouping.startup();
    expect(await faultOf(engine.grouping.getStatus(group))).toBe('PEER_E_INVALID_GROUP');
  });

  test('disposal voids handles and listings', async () => {
    const { engine, creatorPeerName } = await startWithIdentity();
    await engine.grouping.create({ creatorPeerName });
    const listing = await engine.identity.enumerate();
    await engine.dispose();
    await engine.dispose();
    expect(await faultOf(engine.enumeration.itemCount(listing))).toBe('ERROR_INVALID_HANDLE');
    expect(await faultOf(engine.grouping.create({ creatorPeerName }))).toBe('ERROR_INVALID_HANDLE');
  });
});

describe('creating', () => {
  test('answers an offline handle with the properties that were asked for', async () => {
    const { engine, creatorPeerName } = await startWithIdentity();
    const group = await engine.grouping.create({
      creatorPeerName,
      classifier: '../täst',
      friendlyName: 'Test group',
      comment: 'for & <tests>',
      memberDataLifetime: 28_800,
      presenceLifetime: 20,
      deferExpiration: true,
    });
    expect(await engine.grouping.getStatus(group)).toEqual({ listening: false, hasConnections: false });
    const { groupPeerName, ...rest } = await engine.grouping.getProperties(group);
    expect(groupPeerName).toMatch(/^[0-9a-f]{40}\.\.\.\/täst$/);
    expect(rest).toEqual({
      creatorPeerName,
      cloud: 'Global_',
      classifier: '../täst',
      friendlyName: 'Test group',
      comment: 'for & <tests>',
      memberDataLifetime: 28_800,
      presenceLifetime: 300,
      memberDataOptional: false,
      disablePresence: false,
      deferExpiration: true,
      authentication: { certificate: true, password: false, passwordRole: undefined },
    });
    const listed = await drain(engine, await engine.identity.enumerateGroups(creatorPeerName));
    expect(listed).toEqual([{ peerName: groupPeerName, friendlyName: 'Test group' }]);
    expect(await faultOf(engine.identity.delete(creatorPeerName))).toBe('PEER_E_GROUPS_EXIST');
  });

  test.each<[string, Partial<GroupCreation>]>([
    ['PEER_E_INVALID_PEER_NAME', { creatorPeerName: '' }],
    ['PEER_E_INVALID_PEER_NAME', { creatorPeerName: '0.unsecured' }],
    ['PEER_E_IDENTITY_NOT_FOUND', { creatorPeerName: `${'a'.repeat(40)}.nobody` }],
    ['PEER_E_NO_CLOUD', { cloud: 'Nimbus_' }],
    ['PEER_E_NO_CLOUD', { cloud: 'LinkLocal_' }],
    ['PEER_E_INVALID_CLASSIFIER', { classifier: 'x'.repeat(150) }],
    ['PEER_E_INVALID_CLASSIFIER', { classifier: 'a\0b' }],
    ['PEER_E_INVALID_FRIENDLY_NAME', { friendlyName: 'x'.repeat(256) }],
    ['PEER_E_INVALID_GROUP_PROPERTIES', { comment: 'x'.repeat(256) }],
    ['PEER_E_INVALID_GROUP_PROPERTIES', { memberDataLifetime: 28_799 }],
    ['PEER_E_INVALID_GROUP_PROPERTIES', { memberDataLifetime: 315_360_001 }],
    ['PEER_E_INVALID_GROUP_PROPERTIES', { presenceLifetime: 300.5 }],
    ['PEER_E_INVALID_GROUP_PROPERTIES', { authentication: { certificate: false, password: false } }],
    ['PEER_E_INVALID_GROUP_PROPERTIES', { authentication: { certificate: true, password: true } }],
    ['PEER_E_INVALID_GROUP_PROPERTIES', { authentication: { ...passwordGroup, passwordRole: undefined } }],
    [
      'PEER_E_INVALID_GROUP_PROPERTIES',
      { authentication: { certificate: true, password: false, passwordRole: MEMBER } },
    ],
    [
      'PEER_E_INVALID_ROLE_PROPERTY',
      {
        authentication: { ...passwordGroup, passwordRole: parseGuid('00000000-0000-0000-0000-000000000000') },
      },
    ],
    [
      'PEER_E_PASSWORD_DOES_NOT_MEET_POLICY',
      { authentication: { ...passwordGroup, groupPassword: secret('7 chars') } },
    ],
  ])('refuses with %s: %j', async (symbol, wrong) => {
    const { engine, creatorPeerName } = await startWithIdentity();
    expect(await faultOf(engine.grouping.create({ creatorPeerName, ...wrong }))).toBe(symbol);
    expect(await drain(engine, await engine.identity.enumerateGroups(creatorPeerName))).toEqual([]);
  });

  test.each([
    ['Global_', 'Global_'],
    ['LinkLocal_ff00::%2:8', 'LinkLocal_ff00::%2:8'],
    ['SiteLocal_1', 'SiteLocal_1'],
  ])('lives in the cloud %s', async (cloud, shown) => {
    const { engine, creatorPeerName } = await startWithIdentity();
    expect((await propertiesOf(engine, { creatorPeerName, cloud })).cloud).toBe(shown);
  });

  test('aborted in the middle leaves no open handle', async () => {
    const { engine, creatorPeerName } = await startWithIdentity();
    const abort = new AbortController();
    const creating = engine.grouping.create({ creatorPeerName }, { signal: abort.signal });
    setImmediate(() => abort.abort());
    expect(await faultOf(creating)).toBe('ERROR_OPERATION_ABORTED');
    await engine.grouping.create({ creatorPeerName, classifier: 'later' });
    const listed = await drain(engine, await engine.identity.enumerateGroups(creatorPeerName));
    expect(listed.map(({ peerName }) => peerName.slice(41))).toEqual(['later']);
  });
});

describe('a handle', () => {
  test('is void after closing, and the others live on', async () => {
    const { engine, creatorPeerName } = await startWithIdentity();
    const { grouping } = engine;
    const first = await grouping.create({ creatorPeerName });
    const { groupPeerName } = await grouping.getProperties(first);
    const second = await grouping.open(creatorPeerName, groupPeerName, undefined);
    expect(second).not.toBe(first);
    await grouping.close(first);
    expect(await faultOf(grouping.close(first))).toBe('PEER_E_INVALID_GROUP');
    expect(await faultOf(grouping.getProperties(first))).toBe('PEER_E_INVALID_GROUP');
    expect((await grouping.getProperties(second)).groupPeerName).toBe(groupPeerName);
  });

  test('opens only what this identity has, in the cloud it is in', async () => {
    const { engine, creatorPeerName } = await startWithIdentity();
    const { groupPeerName } = await propertiesOf(engine, { creatorPeerName });
    const other = await engine.identity.create({});
    expect(await faultOf(engine.grouping.open(other, groupPeerName, undefined))).toBe('PEER_E_NOT_FOUND');
    expect(await faultOf(engine.grouping.open('nobody', groupPeerName, undefined))).toBe('PEER_E_NOT_FOUND');
    expect(await faultOf(engine.grouping.open(creatorPeerName, groupPeerName, 'LinkLocal_1'))).toBe(
      'PEER_E_NO_CLOUD',
    );
    await engine.grouping.open(creatorPeerName, groupPeerName, 'Global_');
  });

  test('dies with its group, in every engine on the same data', async () => {
    const { engine, creatorPeerName } = await startWithIdentity();
    const neighbour = await startEngine({ dataDir: engine.dataDir });
    const own = await engine.grouping.create({ creatorPeerName });
    const { groupPeerName } = await engine.grouping.getProperties(own);
    const theirs = await neighbour.grouping.open(creatorPeerName, groupPeerName, undefined);
    await engine.grouping.delete(creatorPeerName, groupPeerName);
    expect(await faultOf(engine.grouping.getStatus(own))).toBe('PEER_E_INVALID_GROUP');
    expect(await faultOf(neighbour.grouping.getStatus(theirs))).toBe('PEER_E_INVALID_GROUP');
    expect(await faultOf(engine.grouping.delete(creatorPeerName, groupPeerName))).toBe('PEER_E_NOT_FOUND');
    await engine.identity.delete(creatorPeerName);
    expect(await faultOf(neighbour.grouping.getProperties(theirs))).toBe('PEER_E_INVALID_GROUP');
  });

  test('does not outlive a group that was deleted and imported again', async () => {
    const { engine, creatorPeerName } = await startWithIdentity();
    const neighbour = await startEngine({ dataDir: engine.dataDir });
    const own = await engine.grouping.create({ creatorPeerName });
    const { groupPeerName } = await engine.grouping.getProperties(own);
    const theirs = await neighbour.grouping.open(creatorPeerName, groupPeerName, undefined);
    const config = await engine.grouping.exportConfig(own, secret('pw'));
    await engine.grouping.delete(creatorPeerName, groupPeerName);
    await engine.grouping.importConfig(config, secret('pw'), false);
    expect(await faultOf(neighbour.grouping.getStatus(theirs))).toBe('PEER_E_INVALID_GROUP');
    await neighbour.grouping.open(creatorPeerName, groupPeerName, undefined);
  });
});

describe('properties', () => {
  test('change for every handle and tell those who registered', async () => {
    const { engine, creatorPeerName } = await startWithIdentity();
    const { grouping } = engine;
    const first = await grouping.create({ creatorPeerName, friendlyName: 'one' });
    const properties = await grouping.getProperties(first);
    const second = await grouping.open(creatorPeerName, properties.groupPeerName, undefined);
    let signals = 0;
    const events = await grouping.registerEvents(second, [{ kind: 'PropertyChanged' }], () => (signals += 1));
    const deaf = await grouping.registerEvents(second, [{ kind: 'StatusChanged' }], () => (signals += 100));
    await grouping.setProperties(first, { ...properties, friendlyName: 'two', comment: 'new' });
    await grouping.setProperties(first, { ...properties, friendlyName: 'three', comment: undefined });
    expect(signals).toBe(2);
    expect(await grouping.getEvents(events, 10)).toEqual([{ _tag: 'PropertyChanged' }]);
    expect(await grouping.getEvents(events, 10)).toEqual([]);
    expect(await grouping.getEvents(deaf, 10)).toEqual([]);
    expect(await grouping.getProperties(second)).toEqual({
      ...properties,
      friendlyName: 'three',
      comment: undefined,
    });
    await grouping.unregisterEvents(events);
    await grouping.setProperties(first, properties);
    expect(signals).toBe(2);
    expect(await faultOf(grouping.getEvents(events, 1))).toBe('E_INVALIDARG');
    expect(await faultOf(grouping.unregisterEvents(events))).toBe('E_INVALIDARG');
    await grouping.close(second);
    expect(await faultOf(grouping.getEvents(deaf, 1))).toBe('E_INVALIDARG');
  });

  test('registrations are checked', async () => {
    const { engine, creatorPeerName } = await startWithIdentity();
    const { grouping } = engine;
    const group = await grouping.create({ creatorPeerName });
    const ignore = (): void => undefined;
    expect(await faultOf(grouping.registerEvents(group, [], ignore))).toBe('E_INVALIDARG');
    expect(
      await faultOf(grouping.registerEvents(group, [{ kind: 'StatusChanged', type: MEMBER }], ignore)),
    ).toBe('E_INVALIDARG');
    const events = await grouping.registerEvents(group, [{ kind: 'RecordChanged', type: MEMBER }], ignore);
    expect(await faultOf(grouping.getEvents(events, 0))).toBe('E_INVALIDARG');
  });

  test('that must not change are refused by name', async () => {
    const { engine, creatorPeerName } = await startWithIdentity();
    const group = await engine.grouping.create({ creatorPeerName, classifier: 'c' });
    const properties = await engine.grouping.getProperties(group);
    const changes = {
      groupPeerName: 'x',
      creatorPeerName: 'x',
      cloud: 'SiteLocal_1',
      classifier: 'd',
      memberDataLifetime: 30_000,
      presenceLifetime: 301,
      authentication: { certificate: true, password: true },
    };
    for (const [name, value] of Object.entries(changes)) {
      const change = engine.grouping.setProperties(group, { ...properties, [name]: value });
      expect(await reasonOf(change)).toContain(name);
    }
    const tooLong = engine.grouping.setProperties(group, { ...properties, friendlyName: 'x'.repeat(256) });
    expect(await faultOf(tooLong)).toBe('PEER_E_INVALID_FRIENDLY_NAME');
    const password = { ...properties.authentication, groupPassword: secret('long enough') };
    expect(
      await faultOf(engine.grouping.setProperties(group, { ...properties, authentication: password })),
    ).toBe('PEER_E_INVALID_GROUP_PROPERTIES');
    expect(await engine.grouping.getProperties(group)).toEqual(properties);
  });

  test('a password never reaches the disk, and can be changed', async () => {
    const { engine, creatorPeerName } = await startWithIdentity();
    const group = await engine.grouping.create({ creatorPeerName, authentication: passwordGroup });
    const properties = await engine.grouping.getProperties(group);
    expect(properties.authentication).toEqual({ certificate: true, password: true, passwordRole: MEMBER });
    const contents = async (): Promise<string> => {
      const root = join(engine.dataDir, 'grouping', 'identities');
      const [identity = ''] = await readdir(root);
      const [name = ''] = await readdir(join(root, identity, 'groups'));
      return readFile(join(root, identity, 'groups', name, 'group.rec'), 'utf8');
    };
    const before = await contents();
    expect(before).not.toContain('correct horse');
    const authentication = { ...properties.authentication, groupPassword: secret('battery staple') };
    await engine.grouping.setProperties(group, { ...properties, authentication });
    const verifier = (text: string) => /"passwordVerifier":"([^"]{44})"/.exec(text)?.[1];
    expect(verifier(before)).toBeDefined();
    expect(verifier(await contents())).not.toBe(verifier(before));
  });
});

test('offline answers are true ones', async () => {
  const { engine, creatorPeerName } = await startWithIdentity();
  const { grouping } = engine;
  const group = await grouping.create({ creatorPeerName });
  expect(grouping.canConnect).toBe(false);
  expect(await drain(engine, await grouping.enumerateConnections(group, ['direct', 'neighbor']))).toEqual([]);
  expect(await drain(engine, await grouping.enumerateMembers(group, { presentOnly: true }))).toEqual([]);
  const [self] = await drain(engine, await grouping.enumerateMembers(group, { presentOnly: false }));
  expect(self).toMatchObject({
    present: false,
    identity: creatorPeerName,
    credential: { friendlyName: 'Me' },
  });
  const other = await grouping.enumerateMembers(group, { presentOnly: false, identity: 'somebody' });
  expect(await drain(engine, other)).toEqual([]);
  const now = fileTimeFromMillis(Date.now());
  expect(await grouping.universalToPeerTime(group, now)).toBe(now);
  expect(await grouping.peerToUniversalTime(group, now)).toBe(now);
  expect(await faultOf(grouping.peerToUniversalTime(group, -1n as FileTime))).toBe('E_INVALIDARG');
  expect(await faultOf(grouping.connect(group))).toBe('E_NOTIMPL');
  expect(await reasonOf(grouping.getRecord(group, MEMBER))).toContain('no record database');
  await grouping.close(group);
  expect(await faultOf(grouping.connect(group))).toBe('PEER_E_INVALID_GROUP');
});

test('damage in one group is named, and spares the other', async () => {
  const { engine, creatorPeerName } = await startWithIdentity();
  const { grouping } = engine;
  const broken = await propertiesOf(engine, { creatorPeerName, classifier: 'broken' });
  const root = join(engine.dataDir, 'grouping', 'identities');
  const [identity = ''] = await readdir(root);
  const [name = ''] = await readdir(join(root, identity, 'groups'));
  await writeFile(join(root, identity, 'groups', name, 'group.rec'), 'rubbish');
  const sound = await propertiesOf(engine, { creatorPeerName, classifier: 'sound' });
  const opening = () => grouping.open(creatorPeerName, broken.groupPeerName, undefined);
  expect(await faultOf(opening())).toBe('PEER_E_CERT_STORE_CORRUPTED');
  expect(await reasonOf(opening())).toContain(broken.groupPeerName);
  await grouping.open(creatorPeerName, sound.groupPeerName, undefined);
  expect(await drain(engine, await engine.identity.enumerateGroups(creatorPeerName))).toHaveLength(2);
  await grouping.delete(creatorPeerName, broken.groupPeerName);
  expect(await drain(engine, await engine.identity.enumerateGroups(creatorPeerName))).toHaveLength(1);
});

test('damage in the name of a group leaves it listed', async () => {
  const { engine, creatorPeerName } = await startWithIdentity();
  const creation = { creatorPeerName, classifier: 'c', friendlyName: 'Chess' };
  const { groupPeerName } = await propertiesOf(engine, creation);
  const root = join(engine.dataDir, 'grouping', 'identities');
  const [identity = ''] = await readdir(root);
  const [name = ''] = await readdir(join(root, identity, 'groups'));
  await writeFile(join(root, identity, 'groups', name, 'name.rec'), 'rubbish');
  expect(await drain(engine, await engine.identity.enumerateGroups(creatorPeerName))).toEqual([
    { peerName: groupPeerName, friendlyName: 'Chess' },
  ]);
});

test.skipIf(missing('openssl'))('the key of a group is the one it is named after, by openssl', async () => {
  const { engine, creatorPeerName } = await startWithIdentity();
  const { groupPeerName } = await propertiesOf(engine, { creatorPeerName, classifier: 'k' });
  const root = join(engine.dataDir, 'grouping', 'identities');
  const [identity = ''] = await readdir(root);
  const [name = ''] = await readdir(join(root, identity, 'groups'));
  const key = join(root, identity, 'groups', name, 'group-key.p8');
  const spki = execFileSync('openssl', ['pkey', '-in', key, '-inform', 'DER', '-pubout', '-outform', 'DER']);
  const digest = execFileSync('openssl', ['dgst', '-sha1', '-r'], { input: spki }).toString().slice(0, 40);
  expect(groupPeerName).toBe(`${digest}.k`);
});
