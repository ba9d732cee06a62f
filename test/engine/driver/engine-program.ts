import { createCipheriv } from 'node:crypto';
import { once } from 'node:events';
import { createEngineDriver } from '../../../src/engine/index.js';
import { publish } from './rig.js';

/** The same bytes in every process. */
export const contentOf = (length: number): Buffer =>
  createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16)).update(Buffer.alloc(length));

/** What the program prints when it serves. */
export interface Served {
  readonly port: number;
  /** In hex. */
  readonly information: string;
}

/** Publishes, serves until its input ends, and then has to end by itself. */
const main = async (dataDir: string, length: number): Promise<void> => {
  const engine = createEngineDriver({ dataDir });
  const session = await engine.distribution.startup();
  const information = await publish(engine.distribution, session, 'content', contentOf(length));
  const served: Served = {
    port: engine.endpoint()?.port ?? 0,
    information: information.toString('hex'),
  };
  console.log(JSON.stringify(served));
  await once(process.stdin.resume(), 'end');
  await engine.distribution.shutdown(session);
};

const [mode, dataDir = '', length] = process.argv.slice(2);
if (mode === 'serve') await main(dataDir, Number(length));
