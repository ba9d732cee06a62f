import { statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  ContentHandle,
  ContentInformationHandle,
  DistributionDriver,
  SessionHandle,
  SourceFile,
  StreamHandle,
} from '../src/driver/index.js';

const CONTENT = Buffer.from('a content of a few bytes');
const PUBLISHED = Uint8Array.of(1);
const TAG = new Uint8Array(16);

/** A session in which every member finds what it needs. */
interface Prepared {
  readonly driver: DistributionDriver;
  readonly session: SessionHandle;
  /** Being published, with all its bytes. */
  readonly stream: StreamHandle;
  /** Of what is published. */
  readonly information: ContentInformationHandle;
  readonly informationBytes: Uint8Array;
  /** Open, with nothing known of it. */
  readonly empty: ContentHandle;
  /** Open and ready to be read. */
  readonly content: ContentHandle;
}

/** Any file does. */
const thisFile = (): SourceFile => {
  const path = fileURLToPath(import.meta.url);
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return { path, version: { device: dev, inode: ino, size, modifiedNs: mtimeNs, changedNs: ctimeNs } };
};

const inTemporaryFile = async (use: (path: string) => Promise<void>): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-coverage-'));
  try {
    const path = join(directory, 'file');
    await writeFile(path, '');
    await use(path);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

const beginPublication = async (
  driver: DistributionDriver,
  session: SessionHandle,
  contentId: Uint8Array,
): Promise<StreamHandle> => {
  const stream = await driver.publishStream(session, { contentId });
  await driver.addToStream(session, stream, CONTENT);
  return stream;
};

const prepare = async (driver: DistributionDriver): Promise<Prepared> => {
  const session = await driver.startup();
  const finished = await beginPublication(driver, session, PUBLISHED);
  await driver.completeStream(session, finished);
  await driver.closeStream(session, finished);
  const query = { contentId: PUBLISHED };
  const reader = await driver.openContentInformation(session, query);
  const informationBytes = await driver.retrieveContentInformation(session, reader, 65_536);
  const content = await driver.openContent(session, { tag: TAG });
  await driver.addContentInformation(session, content, informationBytes);
  await driver.completeContentInformation(session, content);
  return {
    driver,
    session,
    stream: await beginPublication(driver, session, Uint8Array.of(2)),
    information: await driver.openContentInformation(session, query),
    informationBytes,
    empty: await driver.openContent(session, { tag: TAG }),
    content,
  };
};

const READ = { maxBytes: CONTENT.length, timeoutMs: 0 };

/** One call of every member that has nothing wrong with it. */
const CALLS: Readonly<Record<keyof DistributionDriver, (ready: Prepared) => unknown>> = {
  startup: ({ driver }) => driver.startup(),
  shutdown: ({ driver, session }) => driver.shutdown(session),
  getStatus: ({ driver, session }) => driver.getStatus(session),
  getStatusInfo: ({ driver, session }) => driver.getStatusInfo(session),
  registerStatusChange: ({ driver, session }) => driver.registerStatusChange(session),
  unregisterStatusChange: ({ driver, session }) => driver.unregisterStatusChange(session),
  setEnabled: ({ driver }) => driver.setEnabled(true),
  observe: ({ driver, session }) => driver.observe(session, () => undefined),
  report: ({ driver, session }) =>
    driver.report(session, {
      _tag: 'OriginUsed',
      name: 'http://example.com/',
      bytes: 1,
      reason: { _tag: 'CacheOnly' },
    }),
  getCounters: ({ driver, session }) => driver.getCounters(session),
  publishStream: ({ driver, session }) => driver.publishStream(session, { contentId: Uint8Array.of(3) }),
  addToStream: ({ driver, session, stream }) => driver.addToStream(session, stream, CONTENT),
  addFromSource: async ({ driver, session }) => {
    const source = thisFile();
    const stream = await driver.publishStream(session, { contentId: Uint8Array.of(4), source });
    await driver.addFromSource(session, stream, Number(source.version.size));
  },
  completeStream: ({ driver, session, stream }) => driver.completeStream(session, stream),
  closeStream: ({ driver, session, stream }) => driver.closeStream(session, stream),
  unpublish: ({ driver, session }) => driver.unpublish(session, PUBLISHED),
  openContentInformation: ({ driver, session }) =>
    driver.openContentInformation(session, { contentId: PUBLISHED, offset: 1, length: 2 }),
  retrieveContentInformation: ({ driver, session, information }) =>
    driver.retrieveContentInformation(session, information, 10),
  closeContentInformation: ({ driver, session, information }) =>
    driver.closeContentInformation(session, information),
  openContent: ({ driver, session }) => driver.openContent(session, { tag: TAG }),
  addContentInformation: ({ driver, session, empty, informationBytes }) =>
    driver.addContentInformation(session, empty, informationBytes),
  completeContentInformation: async ({ driver, session, empty, informationBytes }) => {
    await driver.addContentInformation(session, empty, informationBytes);
    await driver.completeContentInformation(session, empty);
  },
  streamRead: ({ driver, session, content }) => driver.streamRead(session, content, READ),
  blockRead: ({ driver, session, content }) => driver.blockRead(session, content, 1, READ),
  addData: ({ driver, session, content }) => driver.addData(session, content, 0, CONTENT),
  fillFile: async ({ driver, session, empty, informationBytes }) => {
    await driver.addContentInformation(session, empty, informationBytes);
    await driver.completeContentInformation(session, empty);
    await inTemporaryFile((path) => driver.fillFile(session, empty, path));
  },
  finishFile: async ({ driver, session, empty, informationBytes }) => {
    await driver.addContentInformation(session, empty, informationBytes);
    await driver.completeContentInformation(session, empty);
    await inTemporaryFile(async (path) => {
      await driver.fillFile(session, empty, path);
      await driver.addData(session, empty, 0, CONTENT);
      await driver.streamRead(session, empty, READ);
      await driver.finishFile(session, empty);
    });
  },
  closeContent: ({ driver, session, content }) => driver.closeContent(session, content),
  cancelContent: ({ driver, session, content }) => driver.cancelContent(session, content),
  flush: ({ driver, session }) => driver.flush(session, TAG),
  getContentBasicInfo: ({ driver, session, content }) => driver.getContentBasicInfo(session, content),
  explainContent: ({ driver, session, content }) => driver.explainContent(session, content),
};

const isDistribution = (name: string): name is keyof DistributionDriver => Object.hasOwn(CALLS, name);

/** Asks a driver for something that a member must be able to do; rejects with what the driver rejects with. */
export const callDistribution = async (driver: DistributionDriver, name: string): Promise<void> => {
  if (!isDistribution(name)) throw new TypeError(`the contract has no distribution.${name}`);
  await CALLS[name](await prepare(driver));
};
