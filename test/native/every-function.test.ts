import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { afterAll, expect, it, vi } from 'vitest';
import { parseGuid } from '../../src/driver/index.js';
import {
  clause,
  connectionsOf,
  groupsOf,
  identities,
  liveHandleCount,
  membersOf,
  recordsMatching,
  recordsOf,
} from '../../src/effects/index.js';
import { API_BINDINGS } from '../../src/native/bindings.js';
import { createWindowsDriver } from '../../src/native/index.js';
import {
  createPeerweave,
  distributionStatus,
  groupEvents,
  publish,
  retrieve,
  type Peerweave,
} from '../../src/streams/index.js';
import { buildSimulators, type Machine } from './simulators.js';

const simulators = buildSimulators();
const [one, two] = simulators.machines;
const { windows7 } = simulators;
afterAll(() => simulators.remove());

const NOTE = parseGuid('bbbbbbbb-0000-4000-8000-000000000001');
if (NOTE === undefined) throw new Error('not a GUID');

interface Person {
  readonly peers: Peerweave;
  readonly identity: string;
}

const person = async ({ libraries }: Machine, friendlyName: string): Promise<Person> => {
  const peers = createPeerweave({ driver: createWindowsDriver({ libraries }) });
  const identity = await peers.promise(peers.effects.createIdentity({ friendlyName }));
  return { peers, identity };
};

/** Two people found a group, write to it and to each other, and take their memberships along. */
const meet = async (ada: Person, bob: Person, directory: string): Promise<void> => {
  const { effects, promise } = ada.peers;
  const password = 'correct horse';
  const authentication = {
    certificate: true,
    password: true,
    groupPassword: password,
    passwordRole: 'member',
  } as const;
  await using group = await promise(
    effects.createGroup({ creatorPeerName: ada.identity, friendlyName: 'Chess', authentication }),
  );
  const properties = await promise(effects.getGroupProperties(group));
  await promise(effects.setGroupProperties(group, { ...properties, comment: 'weekly' }));

  const identityXml = await bob.peers.promise(bob.peers.effects.getIdentityXml(bob.identity));
  const invitation = await promise(effects.createInvitation(group, { identityXml, roles: ['member'] }));
  expect(await promise(effects.parseInvitation(invitation))).toMatchObject({ groupFriendlyName: 'Chess' });
  await using joined = await bob.peers.promise(
    bob.peers.effects.joinGroup({ identity: bob.identity, invitation }, { connect: 'manual' }),
  );
  const messages = firstValueFrom(groupEvents(joined, { events: ['IncomingData'] }));
  const connections = firstValueFrom(groupEvents(joined, { events: ['DirectConnection'] }));
  await bob.peers.promise(bob.peers.effects.connectGroupByAddress(joined, [{ address: '::1', port: 3587 }]));

  const other = (await promise(effects.list(membersOf(group)))).find(
    ({ identity }) => identity === bob.identity,
  );
  if (other === undefined) throw new Error('Bob is no member');
  const [address = { address: '::1', port: 3587 }] = other.addresses;
  const hers = firstValueFrom(groupEvents(group, { events: ['DirectConnection'] }));
  // One was for going online.
  await vi.waitFor(() => expect(one.p2p.calls('PeerGroupRegisterEvent')).toBe(2));
  const connection = await promise(effects.openDirectConnection(group, bob.identity, address));
  expect([await hers, await connections]).toMatchObject([{ change: 'connected' }, { change: 'connected' }]);
  await promise(effects.sendData(group, { connectionId: connection, type: NOTE, data: Buffer.from('e4') }));
  expect(await messages).toMatchObject({ type: NOTE, data: new Uint8Array(Buffer.from('e4')) });
  expect(await promise(effects.list(connectionsOf(group, ['direct'])))).toHaveLength(1);
  await promise(effects.closeDirectConnection(group, connection));

  const expires = new Date(Date.now() + 3_600_000);
  const peerTime = await promise(effects.toPeerTime(group, expires));
  await promise(effects.toUniversalTime(group, peerTime));
  const id = await promise(effects.addRecord(group, { type: NOTE, expires, data: Buffer.from('e4') }));
  const record = await promise(effects.getRecord(group, id));
  await promise(effects.updateRecord(group, { ...record, data: Buffer.from('e5') }));
  expect(await promise(effects.list(recordsOf(group, NOTE)))).toHaveLength(1);
  const mine = clause('peercreatorid', 'equal', ada.identity);
  expect(await promise(effects.list(recordsMatching(group, mine)))).toHaveLength(1);
  const database = join(directory, 'database');
  await promise(effects.exportGroupDatabase(group, database));
  await promise(effects.deleteRecord(group, id));

  await promise(effects.issueCredentials(group, { subjectIdentity: bob.identity, store: true }));
  const events = await promise(effects.registerGroupEvents(group, ['AuthenticationFailed'], () => undefined));
  await promise(effects.resumePasswordAuthentication(group, events));
  const byPassword = await promise(effects.createPasswordInvitation(group));
  const config = await promise(effects.exportGroupConfig(group, 'secret'));
  const { groupPeerName } = properties;
  await joined.close();
  await bob.peers.promise(bob.peers.effects.deleteGroup({ identity: bob.identity, groupPeerName }));
  await firstValueFrom(
    bob.peers.joinGroupWithPassword({ identity: bob.identity, invitation: byPassword, password }),
  );
  await group.close();
  await promise(effects.importGroupConfig(config, 'secret', { overwrite: true }));
  await using opened = await promise(
    effects.openGroup({ identity: ada.identity, groupPeerName }, { connect: 'manual' }),
  );
  await promise(effects.importGroupDatabase(opened, database));
  await promise(effects.connectGroup(opened));
};

const manageIdentities = async ({ peers: { effects, promise } }: Person): Promise<void> => {
  const spare = await promise(effects.createIdentity({ classifier: 'spare' }));
  await promise(effects.setFriendlyName('Spare', spare));
  expect(await promise(effects.getFriendlyName(spare))).toBe('Spare');
  await promise(effects.createPeerName({ identity: spare, classifier: 'lab' }));
  await using listing = await promise(effects.openListing(identities()));
  expect(await promise(effects.countItems(listing))).toBeGreaterThan(1);
  await promise(effects.list(groupsOf(spare)));
  const key = await promise(effects.getIdentityKey(spare));
  await key.release();
  const exported = await promise(effects.exportIdentity(spare, 'secret'));
  await promise(effects.deleteIdentity(spare));
  expect(await promise(effects.importIdentity(exported, 'secret'))).toBe(spare);
  await promise(effects.getDefaultIdentity());
};

/** Publishes, follows the status, and takes back by a cancelled read what nobody has. */
const distribute = async ({ peers: { effects, promise } }: Person, { peerdist }: Machine): Promise<void> => {
  await using session = await promise(effects.openSession());
  expect(await firstValueFrom(distributionStatus(session))).toMatchObject({ status: 'available' });
  await promise(effects.getDistributionStatus(session));
  const done = await lastValueFrom(publish(Buffer.from('some content'), { session, contentId: 'it' }));
  if (done._tag !== 'Published') throw new Error('interrupted');
  await lastValueFrom(
    retrieve(done.contentInformation, {
      session,
      timeoutMs: 0,
      origin: async () => Buffer.from('some content'),
    }),
  );

  await using content = await promise(effects.openContent(session, { tag: 'music' }));
  await promise(effects.addContentInformation(content, done.contentInformation));
  await promise(effects.completeContentInformation(content));
  await promise(effects.addContentData(content, 0, Buffer.from('some content')));
  await promise(effects.readContentAt(content, 5, { maxBytes: 4 }));
  await promise(effects.cancelContent(content));
  await promise(effects.flushContent(session, 'music'));
  await promise(effects.unpublish(session, 'it'));

  await using stream = await promise(effects.openPublication(session, { contentId: 'that' }));
  const aborted = new AbortController();
  const pending = peerdist.pending();
  // Time enough to cancel it. What is begun later completes later.
  peerdist.setCompletionDelay(3_000_000, 3_000_000);
  const adding = effects.addToPublication(stream, Buffer.from('more'), { signal: aborted.signal })();
  await vi.waitUntil(() => peerdist.pending() > pending);
  // What is cancelled from now on ends at once.
  peerdist.setCompletionDelay(0, 0);
  aborted.abort();
  expect(await adding).toMatchObject({ left: { _tag: 'Cancelled' } });
};

/** What only Windows 8 and later can. */
const describeContent = async ({ peers: { effects, promise } }: Person): Promise<void> => {
  await using session = await promise(effects.openSession());
  await lastValueFrom(publish(Buffer.from('some content'), { session, contentId: 'it' }));
  await promise(effects.getContentInformation(session, { contentId: 'it', minVersion: 1, maxVersion: 1 }));
  await using content = await promise(effects.openContent(session));
  await promise(effects.getContentBasicInfo(content));
};

it('is called by an effect or a stream, whichever of the 82 it is', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-functions-'));
  const [ada, bob, old] = [await person(one, 'Ada'), await person(two, 'Bob'), await person(windows7, 'Old')];
  await manageIdentities(ada);
  await meet(ada, bob, directory);
  await distribute(ada, one);
  await describeContent(ada);
  await distribute(old, windows7);
  for (const { peers } of [ada, bob, old]) await peers.env.driver.dispose();
  await rm(directory, { recursive: true });
  expect(liveHandleCount()).toBe(0);

  const called = new Set(
    [one, two, windows7].flatMap(({ p2p, peerdist }) => [...p2p.log(), ...peerdist.log()]),
  );
  // Left out of the log, as it is asked again and again: no operation on a machine of today ends without it.
  called.add('PeerDistGetOverlappedResult');
  expect(Object.keys(API_BINDINGS).filter((name) => !called.has(name))).toEqual([]);
});
