import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { fileTimeFromMillis, isDriverFault, parseGuid, type Driver } from '../../src/driver/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { leftoversOf, resetMachines } from './leftovers.js';
import { buildSimulators, type Machine } from './simulators.js';

const simulators = buildSimulators();
const [machine] = simulators.machines;
afterEach(() => resetMachines(simulators));
afterAll(() => simulators.remove());

const NOTE = parseGuid('bbbbbbbb-0000-4000-8000-000000000001');
const MEMBER = parseGuid('f12dc4c7-0857-4ca0-93fc-b1bb19a3d8c2');
if (NOTE === undefined || MEMBER === undefined) throw new Error('no GUIDs');

const password = { use: <Result>(use: (text: Uint8Array) => Result) => use(Buffer.from('horse', 'utf16le')) };

/** From the first call to the last of what an application does with a group. */
const useGroup = async ({ grouping, identity, enumeration }: Driver): Promise<void> => {
  await grouping.startup();
  const creatorPeerName = await identity.create({ friendlyName: 'Ada' });
  const key = await identity.getKey(creatorPeerName);
  await key.release();
  await identity.export(creatorPeerName, password);
  const group = await grouping.create({ creatorPeerName, friendlyName: 'Chess' });
  const events = await grouping.registerEvents(group, [{ kind: 'RecordChanged' }], () => undefined);
  await grouping.connect(group);
  const expires = fileTimeFromMillis(Date.UTC(2040, 0));
  const id = await grouping.addRecord(group, { type: NOTE, expires, data: Uint8Array.of(1) });
  await grouping.getRecord(group, id);
  await grouping.getEvents(events, 10);
  const records = await grouping.enumerateRecords(group, undefined);
  await enumeration.nextItems(records, 10);
  await enumeration.end(records);
  const { groupPeerName } = await grouping.getProperties(group);
  const roles = [MEMBER];
  const identityXml = await identity.getXml(undefined);
  const invitation = await grouping.createInvitation(group, { identityXml, roles });
  await grouping.parseInvitation(invitation);
  const joined = await grouping.join(undefined, invitation, undefined);
  await grouping.close(joined);
  await grouping.unregisterEvents(events);
  await grouping.close(group);
  await grouping.delete(creatorPeerName, groupPeerName);
  await grouping.shutdown();
};

const contentId = Uint8Array.of(1, 2, 3);
const DATA = new Uint8Array(100_000).fill(7);

/** Publishing, describing, downloading and watching the status. */
const useDistribution = async ({ distribution }: Driver): Promise<void> => {
  const session = await distribution.startup();
  const { changed } = await distribution.registerStatusChange(session);
  changed.catch(() => undefined);
  const stream = await distribution.publishStream(session, { contentId });
  await distribution.addToStream(session, stream, DATA);
  await distribution.completeStream(session, stream);
  await distribution.closeStream(session, stream);
  const information = await distribution.openContentInformation(session, { contentId });
  const bytes = await distribution.retrieveContentInformation(session, information, 4_096);
  await distribution.closeContentInformation(session, information);
  const content = await distribution.openContent(session, { tag: new Uint8Array(16) });
  await distribution.addContentInformation(session, content, bytes);
  await distribution.completeContentInformation(session, content);
  await distribution.addData(session, content, 0, DATA);
  await distribution.streamRead(session, content, { maxBytes: 1_000 });
  await distribution.blockRead(session, content, 0, { maxBytes: 1_000, timeoutMs: 0 });
  await distribution.cancelContent(session, content);
  await distribution.closeContent(session, content);
  await distribution.flush(session, new Uint8Array(16));
  await distribution.unpublish(session, contentId);
  await distribution.unregisterStatusChange(session);
  await distribution.shutdown(session);
};

const NO_MORE_THAN = 500;

/** Lets the first call fail, then the second, and so on, until there are no more. Answers how many there were. */
const failEachCall = async (
  { libraries }: Machine,
  control: Machine['p2p'] | Machine['peerdist'],
  flow: (driver: Driver) => Promise<void>,
): Promise<number> => {
  for (let turn = 1; turn < NO_MORE_THAN; turn++) {
    const driver = createWindowsDriver({ libraries });
    control.fail(null, turn, 0);
    const error: unknown = await flow(driver).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    const calls = control.calls(null);
    await driver.dispose();
    expect({ turn, left: leftoversOf(simulators) }).toEqual({ turn, left: {} });
    resetMachines(simulators);
    if (calls < turn) {
      expect(error).toBeUndefined();
      return turn - 1;
    }
    if (error !== undefined) expect(isDriverFault(error)).toBe(true);
  }
  throw new Error(`a flow of more than ${NO_MORE_THAN} calls`);
};

describe('a native call that fails', () => {
  it('leaks nothing, whichever it is of a group’s life', async () => {
    expect(await failEachCall(machine, machine.p2p, useGroup)).toBeGreaterThan(30);
  });

  it('leaks nothing, whichever it is of a distribution', async () => {
    expect(await failEachCall(machine, machine.peerdist, useDistribution)).toBeGreaterThan(20);
  });
});
