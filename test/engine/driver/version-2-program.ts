import { createCipheriv } from 'node:crypto';
import { once } from 'node:events';
import { createEngineDriver } from '../../../src/engine/index.js';
import { contentInformation } from './rig.js';

const MIB = 1024 * 1024;

/** The same bytes in every process. */
export const contentOf = (length: number, key = 7): Buffer =>
  createCipheriv('aes-128-ctr', Buffer.alloc(16, key), Buffer.alloc(16)).update(Buffer.alloc(length));

export const INSERTED = MIB;

/** A file, and the same with a mebibyte inserted near its start. */
export const before = (): Buffer => contentOf(32 * MIB);
export const after = (): Buffer => {
  const content = before();
  return Buffer.concat([content.subarray(0, 100_000), contentOf(INSERTED, 8), content.subarray(100_000)]);
};

/** What the program prints when it serves. */
export interface Served {
  readonly port: number;
  /** Content information in hex, before and after the insertion. */
  readonly before: string;
  readonly after: string;
}

/** Publishes both states as version 2, serves until its input ends, and then has to end by itself. */
const main = async (dataDir: string): Promise<void> => {
  const engine = createEngineDriver({ dataDir });
  const { distribution } = engine;
  const session = await distribution.startup();
  const publish = async (name: string, bytes: Uint8Array): Promise<string> => {
    const stream = await distribution.publishStream(session, { contentId: Buffer.from(name), version: 2 });
    await distribution.addToStream(session, stream, bytes);
    await distribution.completeStream(session, stream);
    return (await contentInformation(distribution, session, name)).toString('hex');
  };
  const served: Served = {
    before: await publish('before', before()),
    after: await publish('after', after()),
    port: engine.endpoint()?.port ?? 0,
  };
  console.log(JSON.stringify(served));
  await once(process.stdin.resume(), 'end');
  await distribution.shutdown(session);
};

const [mode, dataDir = ''] = process.argv.slice(2);
if (mode === 'serve') await main(dataDir);
