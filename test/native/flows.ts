import { join } from 'node:path';
import {
  fileTimeFromMillis,
  type ContentHandle,
  type Driver,
  type EnumerationHandle,
  type GroupHandle,
  type SessionHandle,
} from '../../src/driver/index.js';
import type { StatusSignal } from '../../src/native/index.js';
import { guid, ROLES } from '../conformance/groups.js';
import { secretText } from '../conformance/secret-text.js';
import { AT_ONCE, NEVER, type Machine } from './simulators.js';

/**
 * What applications do, from the first call to the last. Together the flows call every function of the two APIs that
 * the driver uses, and every function of Windows around them.
 */
export interface Flow {
  readonly name: string;
  readonly statusSignal?: StatusSignal;
  /** Sets the machine up, which is as new before. */
  readonly prepare?: () => void;
  /** `directory` is for files. */
  readonly run: (driver: Driver, directory: string) => Promise<void>;
}

const [UNAVAILABLE, AVAILABLE] = [1, 2];
const NOTE = guid('bbbbbbbb-0000-4000-8000-000000000001');
export const PASSWORD_TEXT = 'correct horse battery';
const PASSWORD = secretText(PASSWORD_TEXT);
const EXPIRES = fileTimeFromMillis(Date.UTC(2040, 0));
const SOMEWHERE = { address: 'fe80::1', port: 3587 };

const readAll = async ({ enumeration }: Driver, listing: EnumerationHandle<unknown>): Promise<void> => {
  await enumeration.itemCount(listing);
  await enumeration.nextItems(listing, 10);
  await enumeration.end(listing);
};

/** Identities, their keys and their names. */
const identities: Flow['run'] = async (driver) => {
  const { identity } = driver;
  await identity.getDefault();
  const name = await identity.create({ classifier: 'ada', friendlyName: 'Ada' });
  await identity.setFriendlyName(name, 'Countess');
  await identity.getFriendlyName(name);
  await identity.createPeerName(name, 'chess');
  await identity.getXml(name);
  const key = await identity.getKey(name);
  await key.sign(Uint8Array.of(1, 2, 3)).finally(() => key.release());
  const exported = await identity.export(name, PASSWORD);
  await readAll(driver, await identity.enumerateGroups(name));
  await identity.delete(name);
  await identity.import(exported, PASSWORD);
  await readAll(driver, await identity.enumerate());
};

/** Records, properties, the database and the configuration of a group of one. */
const ownGroup: Flow['run'] = async (driver, directory) => {
  const { grouping, identity } = driver;
  await grouping.startup();
  const creatorPeerName = await identity.create({});
  const group = await grouping.create({ creatorPeerName, friendlyName: 'Chess' });
  const { groupPeerName, ...properties } = await grouping.getProperties(group);
  await grouping.setProperties(group, { ...properties, groupPeerName, comment: 'weekly' });
  const database = join(directory, 'database');
  await grouping.exportDatabase(group, database);
  await grouping.importDatabase(group, database);
  await grouping.importConfig(await grouping.exportConfig(group, PASSWORD), PASSWORD, true);
  const events = await grouping.registerEvents(
    group,
    [{ kind: 'RecordChanged', type: NOTE }],
    () => undefined,
  );
  await grouping.connect(group);
  await grouping.getStatus(group);
  const expires = await grouping.universalToPeerTime(group, EXPIRES);
  await grouping.peerToUniversalTime(group, expires);
  const id = await grouping.addRecord(group, { type: NOTE, expires, data: Uint8Array.of(1) });
  await grouping.updateRecord(group, { ...(await grouping.getRecord(group, id)), data: Uint8Array.of(2) });
  await readAll(driver, await grouping.enumerateRecords(group, undefined));
  await readAll(
    driver,
    await grouping.searchRecords(
      group,
      '<peersearch><clause attrib="peercreatorid" type="string" compare="notequal">x</clause></peersearch>',
    ),
  );
  await grouping.deleteRecord(group, id);
  await grouping.getEvents(events, 10);
  await grouping.unregisterEvents(events);
  await grouping.close(group);
  await grouping.close(await grouping.open(creatorPeerName, groupPeerName, undefined));
  await grouping.delete(creatorPeerName, groupPeerName);
  await grouping.shutdown();
};

/** Three members of one group, who join by invitation, by password and by credentials, and talk. */
const members: Flow['run'] = async (driver) => {
  const { grouping, identity } = driver;
  await grouping.startup();
  const creatorPeerName = await identity.create({});
  const group = await grouping.create({
    creatorPeerName,
    authentication: {
      certificate: true,
      password: true,
      groupPassword: PASSWORD,
      passwordRole: ROLES.member,
    },
  });
  await grouping.connectByAddress(group, [SOMEWHERE]);
  const guest = await identity.create({});
  const identityXml = await identity.getXml(guest);
  const invitation = await grouping.createInvitation(group, { identityXml, roles: [ROLES.member] });
  await grouping.parseInvitation(invitation);
  const joined = await grouping.join(guest, invitation, undefined);
  const heard = await grouping.registerEvents(joined, [{ kind: 'IncomingData' }], () => undefined);
  await grouping.connect(joined);
  await grouping.resumePasswordAuthentication(joined, heard);
  await readAll(driver, await grouping.enumerateMembers(group, { presentOnly: true }));
  const connection = await grouping.openDirectConnection(group, guest, SOMEWHERE);
  await readAll(driver, await grouping.enumerateConnections(group, ['direct', 'neighbor']));
  await grouping.sendData(group, connection, NOTE, Uint8Array.of(1, 2, 3));
  await grouping.getEvents(heard, 10);
  await grouping.closeDirectConnection(group, connection);
  await grouping.issueCredentials(group, { subjectIdentity: guest, store: false });
  const third = await identity.create({});
  const open = await grouping.createPasswordInvitation(group);
  await grouping.close(await grouping.joinWithPassword(third, open, PASSWORD, undefined));
  await grouping.unregisterEvents(heard);
  await grouping.close(joined);
  await grouping.close(group);
  await grouping.shutdown();
};

const CONTENT_ID = Uint8Array.of(1, 2, 3);
const TAG = new Uint8Array(16).fill(4);
const DATA = new Uint8Array(100_000).fill(7);

/** Publishing and describing; answers the content information. */
const publish = async ({ distribution }: Driver, session: SessionHandle): Promise<Uint8Array> => {
  const stream = await distribution.publishStream(session, { contentId: CONTENT_ID });
  await distribution.addToStream(session, stream, DATA);
  await distribution.completeStream(session, stream);
  await distribution.closeStream(session, stream);
  for (const query of [{ contentId: CONTENT_ID, minVersion: 1 as const }, { contentId: CONTENT_ID }]) {
    const opened = await distribution.openContentInformation(session, query);
    await distribution.closeContentInformation(session, opened);
  }
  const information = await distribution.openContentInformation(session, { contentId: CONTENT_ID });
  const bytes = await distribution.retrieveContentInformation(session, information, 4_096);
  await distribution.closeContentInformation(session, information);
  return bytes;
};

const openContent = async (
  { distribution }: Driver,
  session: SessionHandle,
  information: Uint8Array,
): Promise<ContentHandle> => {
  const content = await distribution.openContent(session, { tag: TAG });
  await distribution.addContentInformation(session, content, information);
  await distribution.completeContentInformation(session, content);
  return content;
};

/** Publishing, describing and downloading. */
const contents: Flow['run'] = async (driver) => {
  const { distribution } = driver;
  const session = await distribution.startup();
  const content = await openContent(driver, session, await publish(driver, session));
  await distribution.getContentBasicInfo(session, content);
  await distribution.addData(session, content, 0, DATA);
  await distribution.streamRead(session, content, { maxBytes: 1_000 });
  await distribution.blockRead(session, content, 0, { maxBytes: 1_000, timeoutMs: 0 });
  await distribution.cancelContent(session, content);
  await distribution.closeContent(session, content);
  await distribution.flush(session, TAG);
  await distribution.unpublish(session, CONTENT_ID);
  await distribution.shutdown(session);
};

/** Calls that are given up while the service works on them. */
const givenUp: Flow['run'] = async (driver) => {
  const { distribution } = driver;
  const session = await distribution.startup();
  const stream = await distribution.publishStream(session, { contentId: CONTENT_ID });
  const stop = new AbortController();
  const { signal } = stop;
  const content = await distribution.openContent(session, { tag: TAG });
  const started = Promise.allSettled([
    distribution.addToStream(session, stream, DATA, { signal }),
    distribution.addContentInformation(session, content, DATA, { signal }),
    distribution.streamRead(session, content, { maxBytes: 1_000 }, { signal }),
    distribution.blockRead(session, content, 5, { maxBytes: 1_000 }),
  ]);
  // The calls are native calls by the next turn of the event loop.
  await new Promise(setImmediate);
  stop.abort();
  await distribution.cancelContent(session, content);
  await started;
  await distribution.closeStream(session, stream);
  await distribution.closeContent(session, content);
  await distribution.shutdown(session);
};

const CHANGES = [UNAVAILABLE, AVAILABLE];

/** Following the status of the service while it changes. */
const status =
  ({ peerdist }: Machine): Flow['run'] =>
  async ({ distribution }) => {
    const session = await distribution.startup();
    for (const change of CHANGES) {
      const { changed } = await distribution.registerStatusChange(session);
      peerdist.setStatus(change, AT_ONCE);
      await changed;
      await distribution.getStatus(session);
      await distribution.getStatusInfo(session);
    }
    const { changed } = await distribution.registerStatusChange(session);
    await distribution.unregisterStatusChange(session);
    await changed.catch(() => undefined);
    await distribution.registerStatusChange(session);
    await distribution.shutdown(session);
  };

/** Everything that can be open is left for the driver's `dispose`. */
const leftOpen: Flow['run'] = async (driver) => {
  const { grouping, identity, distribution } = driver;
  await grouping.startup();
  await grouping.startup();
  const creatorPeerName = await identity.create({});
  const groups: GroupHandle[] = [];
  for (const friendlyName of ['Chess', 'Go'])
    groups.push(await grouping.create({ creatorPeerName, friendlyName }));
  for (const group of groups) {
    await grouping.registerEvents(group, [{ kind: 'RecordChanged' }], () => undefined);
    await grouping.connect(group);
    await grouping.addRecord(group, { type: NOTE, expires: EXPIRES, data: Uint8Array.of(1) });
    await grouping.enumerateRecords(group, undefined);
  }
  for (const session of [await distribution.startup(), await distribution.startup()]) {
    await distribution.registerStatusChange(session);
    const stream = await distribution.publishStream(session, {
      contentId: Uint8Array.of(Number(session & 0xffn)),
    });
    void distribution.addToStream(session, stream, DATA).catch(() => undefined);
    const content = await distribution.openContent(session, { tag: TAG });
    void distribution.addContentInformation(session, content, DATA).catch(() => undefined);
  }
};

/** Operations complete from another thread, some of them after the handle they were about is gone. */
const LATE = { least: 1_000, most: 8_000 };

/** So late that they are given up before, also by a machine with a lot to do. */
const TOO_LATE = { least: 40_000, most: 60_000 };

export const flows = (machine: Machine): readonly Flow[] => {
  const { peerdist } = machine;
  const late = (): void => void peerdist.setCompletionDelay(LATE.least, LATE.most);
  const tooLate = (): void => void peerdist.setCompletionDelay(TOO_LATE.least, TOO_LATE.most);
  const packetsOnly = (): void => void peerdist.setPortSignals(0, NEVER);
  return [
    { name: 'identities', run: identities },
    { name: 'a group of one’s own', run: ownGroup },
    { name: 'the members of a group', run: members },
    { name: 'contents', run: contents },
    { name: 'calls that are given up', run: givenUp, prepare: tooLate },
    { name: 'the status by the event', run: status(machine) },
    { name: 'the status by the event, late', run: status(machine), prepare: late },
    {
      name: 'the status by the completion port',
      run: status(machine),
      statusSignal: 'completion-port',
      prepare: packetsOnly,
    },
    { name: 'what is left open', run: leftOpen },
    { name: 'what is left open, late', run: leftOpen, prepare: late },
  ];
};
