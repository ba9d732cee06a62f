import { afterEach, describe, expect, test } from 'vitest';
import { type BoundEffects, createEffects, createEnv, orThrow } from '../../../src/effects/index.js';
import { createEngineDriver } from '../../../src/engine/index.js';
import { decodeGroup, encodeGroup } from '../../../src/engine/grouping/storage/stored-group.js';
import { createFakeDriver } from '../../../src/testing/index.js';
import { dataDirectory } from './support/engine.js';

const DRIVERS = [
  ['engine', async () => createEngineDriver({ dataDir: await dataDirectory(), listen: false })],
  ['fake', async () => createFakeDriver()],
] as const;

const drivers: { dispose(): Promise<void> }[] = [];
afterEach(async () => {
  for (const driver of drivers.splice(0)) await driver.dispose();
});

const begin = async (start: (typeof DRIVERS)[number][1]): Promise<BoundEffects> => {
  const driver = await start();
  drivers.push(driver);
  return createEffects(createEnv({ driver }));
};

describe.each(DRIVERS)('%s: what the effects on groups promise', (_name, start) => {
  test('the properties that were read can be edited and passed back', async () => {
    const peers = await begin(start);
    const creatorPeerName = orThrow(await peers.createIdentity()());
    await using group = orThrow(await peers.createGroup({ creatorPeerName, friendlyName: 'Chess' })());
    const properties = orThrow(await peers.getGroupProperties(group)());
    orThrow(await peers.setGroupProperties(group, { ...properties, friendlyName: 'Go' })());
    expect(orThrow(await peers.getGroupProperties(group)())).toEqual({ ...properties, friendlyName: 'Go' });
  });
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
