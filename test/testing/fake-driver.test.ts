import { describe, expect, it } from 'vitest';
import { fileTimeFromMillis, HRESULT_CODES, parseGuid, type GroupEvent } from '../../src/driver/index.js';
import {
  createFakeDriver,
  createFakeNetwork,
  createVirtualClock,
  type FakeDriver,
} from '../../src/testing/index.js';

const TYPE = parseGuid('aaaaaaaa-0000-4000-8000-000000000001')!;
const TAG = new Uint8Array(16);

const ownGroup = async (fake: FakeDriver) => {
  await fake.grouping.startup();
  return fake.grouping.create({ creatorPeerName: await fake.identity.create({}) });
};

/** The content information of 100 bytes that are published until the driver's service goes. */
const publish = async ({ distribution }: FakeDriver): Promise<Uint8Array> => {
  const session = await distribution.startup();
  const stream = await distribution.publishStream(session, { contentId: TAG });
  await distribution.addToStream(session, stream, new Uint8Array(100).fill(7));
  await distribution.completeStream(session, stream);
  await distribution.closeStream(session, stream);
  const cursor = await distribution.openContentInformation(session, { contentId: TAG });
  const information = await distribution.retrieveContentInformation(session, cursor, 10_000);
  await distribution.closeContentInformation(session, cursor);
  return information;
};

const openContent = async ({ distribution }: FakeDriver, information: Uint8Array) => {
  const session = await distribution.startup();
  const content = await distribution.openContent(session, { tag: TAG });
  await distribution.addContentInformation(session, content, information);
  await distribution.completeContentInformation(session, content);
  return { session, content };
};

describe('fake driver', () => {
  it('does the same thing twice in the same way', async () => {
    const run = async () => {
      const fake = createFakeDriver();
      const group = await ownGroup(fake);
      const id = await fake.grouping.addRecord(group, {
        type: TYPE,
        expires: fileTimeFromMillis(Date.UTC(2040, 0)),
        data: Uint8Array.of(1),
      });
      return {
        group,
        properties: await fake.grouping.getProperties(group),
        record: await fake.grouping.getRecord(group, id),
        xml: await fake.identity.getXml(undefined),
      };
    };
    expect(await run()).toEqual(await run());
  });

  it('settles within microtasks', async () => {
    const fake = createFakeDriver();
    let settled = false;
    void fake.identity.create({}).then(() => {
      settled = true;
    });
    for (let index = 0; index < 20; index += 1) await Promise.resolve();
    expect(settled).toBe(true);
  });

  it('delivers events that a test makes up, with one signal for a burst', async () => {
    const fake = createFakeDriver();
    const group = await ownGroup(fake);
    let signals = 0;
    const events = await fake.grouping.registerEvents(
      group,
      [{ kind: 'MemberChanged' }, { kind: 'IncomingData', type: TYPE }],
      () => {
        signals += 1;
      },
    );
    const burst: readonly GroupEvent[] = Array.from({ length: 100 }, (_, index) => ({
      _tag: 'MemberChanged',
      change: 'updated',
      identity: `${index}`,
    }));
    fake.emit(group, ...burst, { _tag: 'PropertyChanged' });
    expect(signals).toBe(0);
    await Promise.resolve();
    expect(signals).toBe(1);
    expect(await fake.grouping.getEvents(events, 1_000)).toEqual(burst);
    expect(() => fake.emit(0n as typeof group)).toThrow(TypeError);
  });

  it('connects as the test wants it: not at all, or to a failure', async () => {
    const fake = createFakeDriver();
    const group = await ownGroup(fake);
    const events = await fake.grouping.registerEvents(
      group,
      [{ kind: 'StatusChanged' }, { kind: 'ConnectionFailed' }],
      () => undefined,
    );
    fake.grouping.setConnectOutcome('silent');
    await fake.grouping.connect(group);
    expect(await fake.grouping.getEvents(events, 5)).toEqual([]);
    const reason = HRESULT_CODES.PEER_E_UNABLE_TO_LISTEN;
    fake.grouping.setConnectOutcome({ failed: reason });
    await fake.grouping.connect(group);
    expect(await fake.grouping.getEvents(events, 5)).toEqual([{ _tag: 'ConnectionFailed', reason }]);
    fake.grouping.setConnectOutcome('online');
    await fake.grouping.connect(group);
    expect(await fake.grouping.getEvents(events, 5)).toMatchObject([{ _tag: 'StatusChanged' }]);
  });

  it('cannot connect when it was made so', async () => {
    const fake = createFakeDriver({ canConnect: false });
    expect(fake.grouping.canConnect).toBe(false);
    await expect(fake.grouping.connect(await ownGroup(fake))).rejects.toMatchObject({ symbol: 'E_NOTIMPL' });
  });

  it('knows the clouds it was given', async () => {
    const fake = createFakeDriver({ clouds: ['LinkLocal_1'] });
    const group = await ownGroup(fake);
    expect((await fake.grouping.getProperties(group)).cloud).toBe('LinkLocal_1');
    const creatorPeerName = await fake.identity.getDefault();
    await expect(fake.grouping.create({ creatorPeerName, cloud: 'Global_' })).rejects.toMatchObject({
      symbol: 'PEER_E_NO_CLOUD',
    });
  });

  it('lets records expire on the clock while the group is open', async () => {
    const clock = createVirtualClock();
    const fake = createFakeDriver({ clock });
    const group = await ownGroup(fake);
    const events = await fake.grouping.registerEvents(group, [{ kind: 'RecordChanged' }], () => undefined);
    const expires = fileTimeFromMillis(clock.now() + 60_000);
    const recordId = await fake.grouping.addRecord(group, { type: TYPE, expires, data: new Uint8Array() });
    await fake.grouping.getEvents(events, 5);
    await clock.advance(59_999);
    expect(await fake.grouping.getEvents(events, 5)).toEqual([]);
    await clock.advance(2);
    expect(await fake.grouping.getEvents(events, 5)).toEqual([
      { _tag: 'RecordChanged', change: 'expired', recordId, recordType: TYPE },
    ]);
    await expect(fake.grouping.getRecord(group, recordId)).rejects.toMatchObject({
      symbol: 'PEER_E_RECORD_NOT_FOUND',
    });
    await fake.grouping.addRecord(group, {
      type: TYPE,
      expires: fileTimeFromMillis(clock.now() + 1_000),
      data: new Uint8Array(),
    });
    expect(clock.pending).toBe(1);
    await fake.grouping.close(group);
    expect(clock.pending).toBe(0);
  });

  it('loses a service and gets it back', async () => {
    const fake = createFakeDriver();
    const group = await ownGroup(fake);
    const session = await fake.distribution.startup();
    const { changed } = await fake.distribution.registerStatusChange(session);
    fake.loseService('grouping');
    fake.loseService('distribution');
    await expect(fake.grouping.getProperties(group)).rejects.toMatchObject({
      symbol: 'PEER_E_SERVICE_NOT_AVAILABLE',
    });
    expect((await changed).status).toBe('unavailable');
    await expect(fake.distribution.openContent(session, { tag: TAG })).rejects.toMatchObject({
      symbol: 'PEERDIST_ERROR_SERVICE_UNAVAILABLE',
    });
    fake.restoreService('grouping');
    fake.restoreService('distribution');
    expect(await fake.distribution.getStatus(session)).toBe('available');
    await fake.distribution.shutdown(session);
    await fake.grouping.getProperties(group);
    fake.loseService('grouping');
    await fake.grouping.close(group);
    await fake.grouping.shutdown();
    fake.assertClean();
  });

  it('tells a reason with the status', async () => {
    const fake = createFakeDriver({ status: 'disabled' });
    const session = await fake.distribution.startup();
    expect(await fake.distribution.getStatus(session)).toBe('disabled');
    fake.distribution.setStatus('unavailable', 'the disk is full');
    expect(await fake.distribution.getStatusInfo(session)).toMatchObject({
      status: 'unavailable',
      reason: 'the disk is full',
    });
    await fake.distribution.shutdown(session);
  });

  it('times a read out when peers are slow, and can be cancelled meanwhile', async () => {
    const clock = createVirtualClock();
    const network = createFakeNetwork();
    const [publisher, reader] = [createFakeDriver({ clock, network }), createFakeDriver({ clock, network })];
    const { session, content } = await openContent(reader, await publish(publisher));
    const { distribution } = reader;
    distribution.setPeerLatency(10_000);
    const reading = distribution.blockRead(session, content, 0, { maxBytes: 50 });
    await clock.advance(5_000);
    expect(await reading).toEqual({ _tag: 'Missing', offset: 0, length: 100, cause: 'timeout' });

    const waiting = distribution.streamRead(session, content, { maxBytes: 50 });
    const behind = distribution.streamRead(session, content, { maxBytes: 50 });
    const outcomes = Promise.allSettled([waiting, behind]);
    await distribution.cancelContent(session, content);
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ reason: { symbol: 'ERROR_OPERATION_ABORTED' } });

    const patient = distribution.streamRead(session, content, { maxBytes: 50, timeoutMs: 20_000 });
    await clock.advance(10_000);
    expect(await patient).toMatchObject({ _tag: 'Data', offset: 0 });
    expect(clock.pending).toBe(0);
    await distribution.closeContent(session, content);
    await distribution.shutdown(session);
    reader.assertClean();
  });

  it('tells observers what happens, block by block', async () => {
    const network = createFakeNetwork();
    const [publisher, reader] = [createFakeDriver({ network }), createFakeDriver({ network })];
    const { session, content } = await openContent(reader, await publish(publisher));
    const other = await publisher.distribution.startup();
    const seen: string[] = [];
    publisher.distribution.observe(other, ({ _tag }) => seen.push(_tag));
    reader.distribution.observe(session, ({ _tag }) => seen.push(_tag));
    await reader.distribution.blockRead(session, content, 0, { maxBytes: 50 });
    await reader.distribution.blockRead(session, content, 0, { maxBytes: 50 });
    expect(seen).toEqual([
      ...['CacheMiss', 'BlockRequestSent', 'BlockResponseSent', 'BlockResponseReceived'],
      ...['BlockVerified', 'SourceChosen', 'CacheHit', 'SourceChosen'],
    ]);
  });

  it('serves from caches too, and only while it is available', async () => {
    const network = createFakeNetwork();
    const make = () => createFakeDriver({ network });
    const [publisher, first, second] = [make(), make(), make()];
    const information = await publish(publisher);
    const one = await openContent(first, information);
    const two = await openContent(second, information);
    expect(await second.distribution.getContentBasicInfo(two.session, two.content)).toEqual({
      flashCrowd: true,
    });
    await first.distribution.blockRead(one.session, one.content, 0, { maxBytes: 60 });
    publisher.distribution.setStatus('disabled');
    const read = () => second.distribution.streamRead(two.session, two.content, { maxBytes: 100 });
    expect(await read()).toEqual({ _tag: 'Data', offset: 0, bytes: new Uint8Array(60).fill(7) });
    expect(await read()).toEqual({ _tag: 'Missing', offset: 60, length: 40, cause: 'missing' });
    expect(await read()).toEqual({ _tag: 'End' });
  });

  it('says that it works everywhere', async () => {
    const { driver, findings } = await createFakeDriver().support();
    expect(driver).toBe('fake');
    expect(findings.every(({ ok }) => ok)).toBe(true);
  });
});
