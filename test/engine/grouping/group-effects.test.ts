import { lastValueFrom, switchMap, tap } from 'rxjs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { Driver } from '../../../src/driver/index.js';
import {
  type DiagnosticEvent,
  createEffects,
  createEnv,
  fileTimeToDate,
  liveHandleCount,
  membersOf,
  orThrow,
  roleName,
} from '../../../src/effects/index.js';
import { createEngineDriver } from '../../../src/engine/index.js';
import { decodeGroup, encodeGroup } from '../../../src/engine/grouping/storage/stored-group.js';
import { groupEvents, openGroup as openGroupStream } from '../../../src/streams/index.js';
import { createFakeDriver, createFakeNetwork } from '../../../src/testing/index.js';
import { dataDirectory } from './support/engine.js';

/** Drivers that can hear of each other's groups. */
const DRIVERS = [
  ['engine', () => async () => createEngineDriver({ dataDir: await dataDirectory(), listen: false })],
  [
    'fake',
    () => {
      const network = createFakeNetwork();
      return async () => createFakeDriver({ network });
    },
  ],
] as const;

const until = async (happened: () => boolean): Promise<void> => {
  while (!happened()) await pause(5);
};

const drivers: { dispose(): Promise<void> }[] = [];
afterEach(async () => {
  for (const driver of drivers.splice(0)) await driver.dispose();
});

const begin = async (start: () => Promise<Driver & { dispose(): Promise<void> }>) => {
  const driver = await start();
  drivers.push(driver);
  const env = createEnv({ driver });
  const reported: DiagnosticEvent[] = [];
  env.diagnostics.listen((event) => reported.push(event));
  return { ...createEffects(env), env, reported };
};

describe.each(DRIVERS)('%s: what the effects on groups promise', (_name, world) => {
  const beginTwo = async () => {
    const start = world();
    return { alice: await begin(start), bob: await begin(start) };
  };

  test('the properties that were read can be edited and passed back', async () => {
    const peers = await begin(world());
    const creatorPeerName = orThrow(await peers.createIdentity()());
    await using group = orThrow(await peers.createGroup({ creatorPeerName, friendlyName: 'Chess' })());
    const properties = orThrow(await peers.getGroupProperties(group)());
    orThrow(await peers.setGroupProperties(group, { ...properties, friendlyName: 'Go' })());
    expect(orThrow(await peers.getGroupProperties(group)())).toEqual({ ...properties, friendlyName: 'Go' });
  });

  test('credentials that were issued anew take effect by joining again', async () => {
    const { alice, bob } = await beginTwo();
    const creatorPeerName = orThrow(await alice.createIdentity()());
    await using group = orThrow(await alice.createGroup({ creatorPeerName })());
    const subjectIdentity = orThrow(await bob.getDefaultIdentity()());
    const { publicKey } = orThrow(await bob.getIdentityKey()());
    const identityXml = orThrow(await bob.getIdentityXml()());
    const after = async (invitation: string) => {
      await using joined = orThrow(await bob.joinGroup({ invitation }, { connect: 'manual' })());
      const [self] = orThrow(await bob.list(membersOf(joined))());
      const { roles = [], validTo } = self?.credential ?? {};
      return { roles: roles.map(roleName), year: fileTimeToDate(validTo!).getUTCFullYear() };
    };
    const first = await alice.createInvitation(group, {
      identityXml,
      roles: ['member'],
      expiration: new Date('2050-06-01'),
    })();
    expect(await after(orThrow(first))).toEqual({ roles: ['member'], year: 2050 });
    const credential = { publicKey, roles: ['inviting-member'], validTo: new Date('2060-06-01') } as const;
    const second = orThrow(await alice.issueCredentials(group, { subjectIdentity, credential })());
    expect(await after(second!)).toEqual({ roles: ['inviting-member'], year: 2060 });
  });

  test('a deleted group ends its handles and their streams at once, without a complaint', async () => {
    const peers = await begin(world());
    const creatorPeerName = orThrow(await peers.createIdentity()());
    const group = orThrow(await peers.createGroup({ creatorPeerName })());
    const { groupPeerName } = orThrow(await peers.getGroupProperties(group)());
    const ends: string[] = [];
    const streamed = openGroupStream({ identity: creatorPeerName, groupPeerName })(peers.env).pipe(
      tap({ complete: () => ends.push('stream') }),
      switchMap((second) => groupEvents(second).pipe(tap({ complete: () => ends.push('events') }))),
    );
    const ended = lastValueFrom(streamed, { defaultValue: undefined });
    await until(() => liveHandleCount() === 3);
    orThrow(await peers.deleteGroup({ identity: creatorPeerName, groupPeerName })());
    expect(group.state).toBe('invalidated');
    await group.closed;
    await ended;
    expect(ends.sort()).toEqual(['events', 'stream']);
    for (const call of [peers.getGroupProperties(group), peers.getGroupStatus(group)])
      expect(await call()).toMatchObject({
        left: { _tag: 'HandleClosed', code: 'PEER_E_INVALID_GROUP', number: 0x80632093 },
      });
    expect(peers.reported).toEqual([]);
    expect(liveHandleCount()).toBe(0);
  });
});

test('a driver that does not tell of deletions is asked', async () => {
  const peers = await begin(async () => {
    const fake = createFakeDriver();
    const { whenDeleted: _, ...grouping } = fake.grouping;
    return { ...fake, grouping };
  });
  const creatorPeerName = orThrow(await peers.createIdentity()());
  const group = orThrow(await peers.createGroup({ creatorPeerName })());
  await using other = orThrow(await peers.createGroup({ creatorPeerName })());
  const { groupPeerName } = orThrow(await peers.getGroupProperties(group)());
  orThrow(await peers.deleteGroup({ identity: creatorPeerName, groupPeerName })());
  expect([group.state, other.state]).toEqual(['invalidated', 'open']);
  await group.closed;
  expect(await peers.getGroupStatus(group)()).toMatchObject({ left: { code: 'PEER_E_INVALID_GROUP' } });
  expect(peers.reported).toEqual([]);
});

test('an empty classifier that was stored before is none', () => {
  const properties = {
    groupPeerName: 'g',
    creatorPeerName: 'c',
    cloud: 'Global_',
    classifier: '',
    friendlyName: undefined,
    comment: undefined,
    memberDataLifetime: 0,
    presenceLifetime: 300,
    memberDataOptional: false,
    disablePresence: false,
    deferExpiration: false,
    authentication: { certificate: true, password: false },
  };
  const stored = encodeGroup({
    instance: 'i',
    groupPeerName: 'g',
    identity: 'c',
    cloud: 'Global_',
    friendlyName: 'g',
    chain: [],
    properties,
    passwordVerifier: undefined,
  });
  expect(decodeGroup(stored).properties).toMatchObject({ classifier: undefined, memberDataLifetime: 0 });
});
