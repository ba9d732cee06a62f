import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  isDriverFault,
  WIN32_CODES,
  type ContentHandle,
  type ContentInformationHandle,
  type Driver,
  type DriverFault,
  type SessionHandle,
  type StreamHandle,
} from '../../src/driver/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { leftoversOf, resetMachines } from './leftovers.js';
import { buildSimulators, type Machine } from './simulators.js';
import { watch } from './watched-ffi.js';

vi.mock('../../src/native/ffi.js', async (actual) =>
  (await import('./watched-ffi.js')).watchedModule(await actual()),
);

const simulators = buildSimulators();
const [today] = simulators.machines;
const { windows7 } = simulators;
const asked: Machine[] = [today, windows7];
watch.owns = (address) => asked.some(({ peerdist }) => peerdist.owns(address) !== 0);
const opened: Driver[] = [];
afterEach(async () => {
  for (const driver of opened.splice(0)) await driver.dispose();
  expect(watch.problems).toEqual([]);
  expect(leftoversOf(simulators)).toEqual({});
  resetMachines(simulators);
  windows7.peerdist.reset();
});
afterAll(() => simulators.remove());

const CONTENT_ID = Uint8Array.of(1, 2, 3);
const DATA = new Uint8Array(100_000).fill(7);
const TAG = new Uint8Array(16).fill(4);
/** Longer than any test takes to cancel and to close. */
const LATE_US = 300_000;

interface Stage {
  readonly driver: Driver;
  readonly session: SessionHandle;
  /** One that is being written. */
  readonly stream: StreamHandle;
  readonly information: ContentInformationHandle;
  /** Without content information. */
  readonly fresh: ContentHandle;
  /** With it, and nothing of it in the cache. */
  readonly content: ContentHandle;
}

const setTheStage = async ({ libraries }: Machine): Promise<Stage> => {
  const driver = createWindowsDriver({ libraries });
  opened.push(driver);
  const { distribution } = driver;
  const session = await distribution.startup();
  const published = await distribution.publishStream(session, { contentId: CONTENT_ID });
  await distribution.addToStream(session, published, DATA);
  await distribution.completeStream(session, published);
  await distribution.closeStream(session, published);
  const query = { contentId: CONTENT_ID };
  const read = await distribution.openContentInformation(session, query);
  const bytes = await distribution.retrieveContentInformation(session, read, 4_096);
  await distribution.closeContentInformation(session, read);
  const content = await distribution.openContent(session, { tag: TAG });
  await distribution.addContentInformation(session, content, bytes);
  await distribution.completeContentInformation(session, content);
  return {
    driver,
    session,
    stream: await distribution.publishStream(session, { contentId: Uint8Array.of(9) }),
    information: await distribution.openContentInformation(session, query),
    fresh: await distribution.openContent(session, { tag: TAG }),
    content,
  };
};

type Start = (on: Stage, signal?: AbortSignal) => Promise<unknown>;

const OPERATIONS: readonly (readonly [native: string, start: Start])[] = [
  [
    'PeerDistServerPublishAddToStream',
    ({ driver, session, stream }, signal) =>
      driver.distribution.addToStream(session, stream, DATA, { signal }),
  ],
  [
    'PeerDistServerPublishCompleteStream',
    ({ driver, session, stream }, signal) => driver.distribution.completeStream(session, stream, { signal }),
  ],
  [
    'PeerDistServerRetrieveContentInformation',
    ({ driver, session, information }, signal) =>
      driver.distribution.retrieveContentInformation(session, information, 4_096, { signal }),
  ],
  [
    'PeerDistClientAddContentInformation',
    ({ driver, session, fresh }, signal) =>
      driver.distribution.addContentInformation(session, fresh, DATA, { signal }),
  ],
  [
    'PeerDistClientCompleteContentInformation',
    ({ driver, session, fresh }, signal) =>
      driver.distribution.completeContentInformation(session, fresh, { signal }),
  ],
  [
    'PeerDistClientStreamRead',
    ({ driver, session, content }, signal) =>
      driver.distribution.streamRead(session, content, { maxBytes: 70_000 }, { signal }),
  ],
  [
    'PeerDistClientBlockRead',
    ({ driver, session, content }, signal) =>
      driver.distribution.blockRead(session, content, 100, { maxBytes: 70_000 }, { signal }),
  ],
  [
    'PeerDistClientAddData',
    ({ driver, session, content }, signal) =>
      driver.distribution.addData(session, content, 0, DATA, { signal }),
  ],
  [
    'PeerDistClientFlushContent',
    ({ driver, session }, signal) => driver.distribution.flush(session, TAG, { signal }),
  ],
];

const faultOf = async (call: Promise<unknown>): Promise<DriverFault> => {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isDriverFault(error)) expect.fail(`expected a DriverFault, got ${String(error)}`);
  return error;
};

/** How PeerDistGetOverlappedResult tells of an operation that has failed: the pages allow each of these. */
const REPORTS = [
  ['FALSE and the last error', today, 0],
  ['FALSE and the code in the OVERLAPPED', today, 1],
  ['TRUE and the code in the OVERLAPPED', today, 2],
  ['GetOverlappedResult of Windows 7', windows7, 0],
] as const;

describe.each(REPORTS)('an operation that fails, told by %s', (_how, machine, report) => {
  it.each(OPERATIONS)('rejects %s with the code of its completion', async (native, start) => {
    const on = await setTheStage(machine);
    machine.peerdist.reportFailuresBy(report);
    for (const code of [WIN32_CODES.PEERDIST_ERROR_TRUST_FAILURE, WIN32_CODES.ERROR_ACCESS_DENIED]) {
      machine.peerdist.failCompletion(native, 1, code);
      const { space, number } = await faultOf(start(on));
      expect({ space, number }).toEqual({ space: 'win32', number: code });
    }
  });

  it('tells what is missing, and where the content ends', async () => {
    const on = await setTheStage(machine);
    machine.peerdist.reportFailuresBy(report);
    const { driver, session, content } = on;
    const read = { maxBytes: 1_000, timeoutMs: 0 };
    const missing = { _tag: 'Missing', offset: 5, length: 1_000, cause: 'missing' };
    expect(await driver.distribution.blockRead(session, content, 5, read)).toEqual(missing);
    const end = await driver.distribution.blockRead(session, content, DATA.length, read);
    expect(end).toEqual({ _tag: 'End' });
  });
});

describe('an operation that completes late', () => {
  let held = 0;
  let on: Stage;
  beforeEach(async () => {
    on = await setTheStage(today);
    held = watch.held.memory;
    today.peerdist.setCompletionDelay(LATE_US, LATE_US);
  });

  const close = async ({ driver, session, stream, information, fresh, content }: Stage): Promise<void> => {
    await driver.distribution.closeStream(session, stream);
    await driver.distribution.closeContentInformation(session, information);
    await driver.distribution.closeContent(session, fresh);
    await driver.distribution.closeContent(session, content);
  };

  /** A call is a native call by the next turn of the event loop. */
  const begun = async (operations: number): Promise<void> => {
    await new Promise(setImmediate);
    expect(today.peerdist.pending()).toBe(operations);
  };

  it.each(OPERATIONS)('%s answers all the same', async (native, start) => {
    // This one has nothing to complete before that.
    if (native === 'PeerDistClientCompleteContentInformation')
      await expect(start(on)).rejects.toMatchObject({ symbol: 'PEERDIST_ERROR_CANNOT_PARSE_CONTENTINFO' });
    else await start(on);
    expect(watch.held.memory).toBe(held);
  });

  it.each(OPERATIONS)(
    '%s keeps its memory when it is given up and its handle is closed',
    async (_, start) => {
      const stop = new AbortController();
      const started = faultOf(start(on, stop.signal));
      await begun(1);
      stop.abort();
      expect((await started).symbol).toBe('ERROR_OPERATION_ABORTED');
      await close(on);
      expect(watch.held.memory).toBe(held + 1);
      expect(today.peerdist.pending()).toBe(1);
      await vi.waitUntil(() => watch.held.memory === held);
      expect(today.peerdist.pending()).toBe(0);
      await on.driver.dispose();
    },
  );

  it.each(OPERATIONS)('%s is waited for by the end of the session', async (_, start) => {
    const ended = start(on).then(
      () => 'ended',
      (error: unknown) => (isDriverFault(error) ? error.symbol : error),
    );
    await begun(1);
    await on.driver.distribution.shutdown(on.session);
    expect(today.peerdist.pending()).toBe(0);
    expect(['ended', 'ERROR_OPERATION_ABORTED']).toContain(await ended);
    expect(watch.held.memory).toBe(held);
  });

  it('keeps its memory when the cancel comes too late to change anything', async () => {
    today.peerdist.letCancelsLose(1);
    const { driver, session, content } = on;
    const reads = [100, 200, 300].map((at) =>
      driver.distribution.blockRead(session, content, at, { maxBytes: 50 }),
    );
    const stop = new AbortController();
    const givenUp = faultOf(
      driver.distribution.streamRead(session, content, { maxBytes: 50 }, { signal: stop.signal }),
    );
    await begun(4);
    stop.abort();
    await driver.distribution.cancelContent(session, content);
    expect((await givenUp).symbol).toBe('ERROR_OPERATION_ABORTED');
    expect(watch.held.memory).toBe(held + 4);
    for (const read of reads) expect(await read).toMatchObject({ _tag: 'Data' });
    await vi.waitUntil(() => watch.held.memory === held);
  });

  it('ends a registration when its completion comes, and lets the next one be armed before that', async () => {
    const { distribution } = on.driver;
    const first = await distribution.registerStatusChange(on.session);
    await distribution.unregisterStatusChange(on.session);
    const second = await distribution.registerStatusChange(on.session);
    await distribution.unregisterStatusChange(on.session);
    // Both were memory of the service until now.
    expect(watch.held.memory).toBe(held + 2);
    expect((await faultOf(first.changed)).symbol).toBe('ERROR_OPERATION_ABORTED');
    expect((await faultOf(second.changed)).symbol).toBe('ERROR_OPERATION_ABORTED');
    expect(watch.held.memory).toBe(held);
  });
});
