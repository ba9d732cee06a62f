import { resolve } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as effects from '../../src/effects/index.js';
import { createPeerweave } from '../../src/streams/index.js';
import type { FaultCode, OperationName } from '../../src/testing/index.js';
import { createRig, publishing, type Rig } from './rig.js';

/** What the effects work on: everything a program can have open at one time. */
const stage = async (rig: Rig) => {
  const { run } = rig;
  const { session, information } = await publishing(rig, Buffer.from('some content'));
  const identity = await run(effects.createIdentity({ classifier: 'alice', friendlyName: 'Alice' }));
  const group = await run(effects.createGroup({ creatorPeerName: identity, friendlyName: 'Chess' }));
  const properties = await run(effects.getGroupProperties(group));
  const registration = await run(effects.registerGroupEvents(group, ['RecordChanged'], () => undefined));
  const listing = await run(effects.openListing(effects.identities()));
  const stream = await run(effects.openPublication(session, { contentId: 'being written' }));
  const content = await run(effects.openContent(session));
  await run(effects.addContentInformation(content, information));
  const read = await run(effects.openContent(session));
  await run(effects.addContentInformation(read, information));
  await run(effects.completeContentInformation(read));
  const reader = await run(effects.openContentInformation(session, { contentId: 'the content' }));
  const expires = new Date(rig.clock.now() + 3_600_000);
  const recordId = await run(
    effects.addRecord(group, { type: RECORD_TYPE, expires, data: Buffer.from('e4') }),
  );
  const record = await run(effects.getRecord(group, recordId));
  const identityXml = await run(effects.getIdentityXml(identity));
  const invitation = await run(effects.createInvitation(group, { identityXml, roles: ['member'] }));
  const exported = await run(effects.exportIdentity(identity, 'secret'));
  const config = await run(effects.exportGroupConfig(group, 'secret'));
  const { groupPeerName } = properties;
  return {
    ...{ session, identity, group, properties, registration, listing, stream, content, read, reader },
    ...{ information, expires, recordId, record, identityXml, invitation, exported, config, groupPeerName },
  };
};
type Stage = Awaited<ReturnType<typeof stage>>;

const RECORD_TYPE = effects.parseGuid('8b2f6c1e-3a52-4d0e-9b77-0c1d2e3f4a5b')!;
const OTHER: effects.PeerAddress = { address: '::1', port: 3587 };

interface Case {
  readonly operation: OperationName;
  readonly effect: (on: Stage) => effects.PeerEffect<unknown>;
  /** What it answers, if it can be had on this stage; otherwise the tag of its refusal. */
  readonly answer: unknown;
}

const is = (operation: OperationName, answer: unknown, effect: Case['effect']): Case => ({
  operation,
  effect,
  answer,
});
const refusal = (tag: effects.PeerErrorTag): unknown => expect.objectContaining({ _tag: tag });
const text = expect.any(String);
const nothing = undefined;

const CASES: readonly Case[] = [
  is('identity.create', text, () => effects.createIdentity()),
  is('identity.delete', expect.objectContaining({ code: 'PEER_E_GROUPS_EXIST' }), (on) =>
    effects.deleteIdentity(on.identity),
  ),
  is('identity.getDefault', text, () => effects.getDefaultIdentity()),
  is('identity.enumerate', [expect.objectContaining({ friendlyName: 'Alice' })], () =>
    effects.list(effects.identities()),
  ),
  is('identity.enumerateGroups', [expect.objectContaining({ friendlyName: 'Chess' })], (on) =>
    effects.list(effects.groupsOf(on.identity)),
  ),
  is('identity.getFriendlyName', 'Alice', (on) => effects.getFriendlyName(on.identity)),
  is('identity.setFriendlyName', nothing, (on) => effects.setFriendlyName('Bob', on.identity)),
  is('identity.getKey', expect.objectContaining({ algorithm: text }), (on) =>
    effects.getIdentityKey(on.identity),
  ),
  is('identity.getXml', text, (on) => effects.getIdentityXml(on.identity)),
  is('identity.export', text, (on) => effects.exportIdentity(on.identity, 'secret')),
  is('identity.import', refusal('AlreadyExists'), (on) => effects.importIdentity(on.exported, 'secret')),
  is('identity.createPeerName', '0.chess', () => effects.createPeerName({ classifier: 'chess' })),

  is('grouping.startup', text, (on) => asText(effects.createGroup({ creatorPeerName: on.identity }))),
  is('grouping.create', text, (on) => asText(effects.createGroup({ creatorPeerName: on.identity }))),
  is('grouping.open', text, (on) =>
    asText(effects.openGroup({ identity: on.identity, groupPeerName: on.groupPeerName })),
  ),
  is('grouping.join', refusal('AlreadyExists'), (on) =>
    effects.joinGroup({ identity: on.identity, invitation: on.invitation }),
  ),
  is('grouping.joinWithPassword', refusal('BadArgument'), (on) =>
    effects.joinGroupWithPassword({ identity: on.identity, invitation: on.invitation, password: 'secret' }),
  ),
  is('grouping.delete', nothing, (on) =>
    effects.deleteGroup({ identity: on.identity, groupPeerName: on.groupPeerName }),
  ),
  is('grouping.connect', expect.objectContaining({ listening: true }), (on) =>
    effects.connectGroup(on.group),
  ),
  is('grouping.connectByAddress', expect.objectContaining({ listening: true }), (on) =>
    effects.connectGroupByAddress(on.group, [OTHER]),
  ),
  is('grouping.resumePasswordAuthentication', refusal('Unsupported'), (on) =>
    effects.resumePasswordAuthentication(on.group, on.registration),
  ),
  is('grouping.getStatus', { listening: true, hasConnections: false }, (on) =>
    effects.getGroupStatus(on.group),
  ),
  is('grouping.getProperties', expect.objectContaining({ friendlyName: 'Chess' }), (on) =>
    effects.getGroupProperties(on.group),
  ),
  is('grouping.setProperties', nothing, (on) =>
    effects.setGroupProperties(on.group, { ...on.properties, comment: 'weekly' }),
  ),
  is('grouping.createInvitation', text, (on) =>
    effects.createInvitation(on.group, { identityXml: on.identityXml, roles: ['member'] }),
  ),
  is('grouping.createPasswordInvitation', refusal('BadArgument'), (on) =>
    effects.createPasswordInvitation(on.group),
  ),
  is('grouping.parseInvitation', expect.objectContaining({ authentication: 'certificate' }), (on) =>
    effects.parseInvitation(on.invitation),
  ),
  is('grouping.issueCredentials', expect.anything(), (on) =>
    effects.issueCredentials(on.group, { subjectIdentity: on.identity, store: false }),
  ),
  is('grouping.exportConfig', text, (on) => effects.exportGroupConfig(on.group, 'secret')),
  is('grouping.importConfig', refusal('AlreadyExists'), (on) =>
    effects.importGroupConfig(on.config, 'secret'),
  ),
  is('grouping.enumerateMembers', [expect.objectContaining({ present: true })], (on) =>
    effects.list(effects.membersOf(on.group)),
  ),
  is('grouping.enumerateConnections', [], (on) => effects.list(effects.connectionsOf(on.group))),
  is('grouping.openDirectConnection', expect.any(BigInt), (on) =>
    effects.openDirectConnection(on.group, '0.bob', OTHER),
  ),
  is('grouping.closeDirectConnection', refusal('NotFound'), (on) =>
    effects.closeDirectConnection(on.group, 99n),
  ),
  is('grouping.sendData', refusal('NotFound'), (on) =>
    effects.sendData(on.group, { connectionId: 99n, type: RECORD_TYPE, data: Buffer.from('x') }),
  ),
  is('grouping.addRecord', text, (on) =>
    effects.addRecord(on.group, { type: RECORD_TYPE, expires: on.expires, data: Buffer.from('e5') }),
  ),
  is('grouping.updateRecord', nothing, (on) =>
    effects.updateRecord(on.group, { ...on.record, expires: on.expires, data: Buffer.from('e6') }),
  ),
  is('grouping.deleteRecord', nothing, (on) => effects.deleteRecord(on.group, on.recordId)),
  is('grouping.getRecord', expect.objectContaining({ type: RECORD_TYPE }), (on) =>
    effects.getRecord(on.group, on.recordId),
  ),
  is('grouping.enumerateRecords', [expect.objectContaining({ type: RECORD_TYPE })], (on) =>
    effects.list(effects.recordsOf(on.group, RECORD_TYPE)),
  ),
  is('grouping.searchRecords', [expect.objectContaining({ type: RECORD_TYPE })], (on) =>
    effects.list(
      effects.recordsMatching(on.group, effects.clause('peerlastmodifiedby', 'notequal', 'nobody')),
    ),
  ),
  is('grouping.exportDatabase', nothing, (on) => effects.exportGroupDatabase(on.group, '/fake/database')),
  is('grouping.importDatabase', expect.anything(), (on) =>
    effects.importGroupDatabase(on.group, '/fake/database'),
  ),
  is('grouping.peerToUniversalTime', expect.any(BigInt), (on) =>
    effects.toUniversalTime(on.group, on.expires),
  ),
  is('grouping.universalToPeerTime', expect.any(BigInt), (on) => effects.toPeerTime(on.group, on.expires)),
  is('grouping.registerEvents', text, (on) =>
    asText(effects.registerGroupEvents(on.group, ['MemberChanged'], () => undefined)),
  ),
  is('grouping.getEvents', [expect.objectContaining({ _tag: 'RecordChanged' })], (on) =>
    effects.takeGroupEvents(on.registration, 10),
  ),

  is('enumeration.itemCount', 1, (on) => effects.countItems(on.listing)),
  is('enumeration.nextItems', [expect.anything()], (on) => effects.nextItems(on.listing, 1)),

  is('distribution.startup', text, () => asText(effects.openSession())),
  is('distribution.getStatus', 'available', (on) => effects.getDistributionStatus(on.session)),
  is('distribution.getStatusInfo', { status: 'available', minVersion: 1, maxVersion: 2 }, (on) =>
    effects.getDistributionStatusInfo(on.session),
  ),
  is('distribution.setEnabled', nothing, () => effects.setDistributionEnabled(true)),
  is('distribution.publishStream', text, (on) =>
    asText(effects.openPublication(on.session, { contentId: 'b' })),
  ),
  is('distribution.addToStream', nothing, (on) => effects.addToPublication(on.stream, Buffer.from('a'))),
  is('distribution.addFromSource', refusal('Unsupported'), (on) =>
    effects.addSourceToPublication(on.stream, 65_536),
  ),
  is('distribution.completeStream', nothing, (on) => effects.completePublication(on.stream)),
  is('distribution.unpublish', nothing, (on) => effects.unpublish(on.session, 'the content')),
  is('distribution.openContentInformation', expect.any(Uint8Array), (on) =>
    effects.getContentInformation(on.session, { contentId: 'the content' }),
  ),
  is('distribution.retrieveContentInformation', expect.any(Uint8Array), (on) =>
    effects.readContentInformation(on.reader, 10),
  ),
  is('distribution.openContent', text, (on) => asText(effects.openContent(on.session, { tag: 'music' }))),
  is('distribution.addContentInformation', nothing, (on) =>
    effects.addContentInformation(on.content, Buffer.from('more')),
  ),
  is('distribution.completeContentInformation', nothing, (on) =>
    effects.completeContentInformation(on.content),
  ),
  is('distribution.streamRead', expect.objectContaining({ _tag: 'Data', offset: 0 }), (on) =>
    effects.readContent(on.read, { maxBytes: 4 }),
  ),
  is('distribution.blockRead', expect.objectContaining({ _tag: 'Data', offset: 5 }), (on) =>
    effects.readContentAt(on.read, 5, { maxBytes: 4 }),
  ),
  is('distribution.addData', nothing, (on) => effects.addContentData(on.read, 0, Buffer.from('some'))),
  is('distribution.cancelContent', nothing, (on) => effects.cancelContent(on.read)),
  is('distribution.fillFile', refusal('Unsupported'), (on) =>
    effects.fillContentFile(on.read, resolve('a file')),
  ),
  is('distribution.finishFile', refusal('Unsupported'), (on) => effects.finishContentFile(on.read)),
  is('distribution.flush', nothing, (on) => effects.flushContent(on.session, 'music')),
  is('distribution.getCounters', expect.objectContaining({ bytesFromPeers: 0 }), (on) =>
    effects.getDistributionCounters(on.session),
  ),
  is('distribution.explainContent', expect.objectContaining({ segments: [] }), (on) =>
    effects.explainContent(on.read),
  ),
  is('distribution.getContentBasicInfo', { flashCrowd: false }, (on) => effects.getContentBasicInfo(on.read)),
];

/** What can be compared of a handle: its state. The handle itself is closed again. */
const asText =
  (open: effects.PeerEffect<effects.Handle<unknown>>): effects.PeerEffect<string> =>
  (env) =>
  async () => {
    const either = await open(env)();
    if (E.isLeft(either)) return either;
    const { state } = either.right;
    await either.right.close();
    return E.right(state);
  };

/** Members that only closing reaches. */
const BY_CLOSING: ReadonlySet<string> = new Set([
  'grouping.shutdown',
  'grouping.close',
  'grouping.unregisterEvents',
  'enumeration.end',
  'distribution.shutdown',
  'distribution.closeStream',
  'distribution.closeContentInformation',
  'distribution.closeContent',
  'distribution.registerStatusChange',
  'distribution.unregisterStatusChange',
]);

describe('every member of the contract', () => {
  let before = 0;
  beforeEach(() => {
    before = effects.liveHandleCount();
  });
  afterEach(() => expect(effects.liveHandleCount()).toBe(before));

  const closeAll = async (on: Stage): Promise<void> => {
    for (const one of [on.session, on.group, on.listing]) await one.close();
  };

  it('is on the list', () => {
    const { fake } = createRig();
    const members = (['grouping', 'identity', 'enumeration', 'distribution'] as const).flatMap((family) =>
      Object.entries(fake[family])
        .filter(
          ([name, member]) =>
            typeof member === 'function' &&
            !/^(set(Status|PeerLatency|ConnectOutcome)|observe|report|whenDeleted)$/.test(name),
        )
        .map(([name]) => `${family}.${name}`),
    );
    const listed = new Set([...CASES.map(({ operation }) => operation as string), ...BY_CLOSING]);
    expect(members.filter((name) => !listed.has(name))).toEqual([]);
  });

  it.each(CASES)('$operation is reached by its effect', async ({ operation, effect, answer }) => {
    const rig = createRig();
    const on = await stage(rig);
    const earlier = rig.fake.calls.length;
    const either = await effect(on)(rig.env)();
    expect(E.isLeft(either) ? either.left : either.right).toEqual(answer);
    expect(rig.fake.calls.slice(earlier).map((call) => call.operation)).toContain(operation);
    await closeAll(on);
    expect(rig.diagnostics.filter(({ kind }) => kind !== 'group')).toEqual([]);
  });

  it.each(CASES)('$operation answers its fault as a PeerError', async ({ operation, effect }) => {
    const rig = createRig();
    const on = await stage(rig);
    const code: FaultCode = operation.startsWith('distribution.')
      ? 'ERROR_NOT_ENOUGH_MEMORY'
      : 'E_OUTOFMEMORY';
    rig.fake.script(operation).fail(code);
    const error = await rig.failure(effect(on));
    expect(error).toMatchObject({ _tag: 'System', code, symbol: code });
    expect(error.cause).toMatchObject({ operation });
    rig.fake.script(operation).reset();
    await closeAll(on);
    expect(rig.fake.ledger().problems.filter((problem) => !/^(session|identity-key)/.test(problem))).toEqual(
      [],
    );
  });
});

describe('createEffects', () => {
  it('binds every effect to one environment, and nothing else', async () => {
    const rig = createRig();
    const peers = createPeerweave(rig.env);
    const free = Object.entries(effects)
      .filter(([name, value]) => typeof value === 'function' && name in peers.effects)
      .map(([name]) => name);
    expect(Object.keys(peers.effects).sort()).toEqual(free.sort());
    const identity = await peers.promise(peers.effects.createIdentity({ friendlyName: 'Alice' }));
    expect(await rig.run(effects.getFriendlyName(identity))).toBe('Alice');
    const left = await peers.effects.getFriendlyName('nobody')();
    expect(left).toMatchObject({ _tag: 'Left', left: { _tag: 'BadArgument' } });
    await expect(peers.promise(peers.effects.getFriendlyName('nobody'))).rejects.toMatchObject({
      _tag: 'BadArgument',
    });
    expect(await peers.effects.list(effects.identities())()).toMatchObject({
      right: [{ friendlyName: 'Alice' }],
    });
    expect(await peers.effects.withSession(effects.getDistributionStatus)()).toEqual(E.right('available'));
    rig.fake.assertClean();
  });
});
