import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createEngineDriver } from '../../../src/engine/index.js';
import { openContent, publish } from '../../engine/driver/rig.js';
import { contentOf } from './node.js';

/** A line that the program reads. */
export type CrowdOrder =
  | { readonly serve: { readonly dataDir: string; readonly length: number } }
  | {
      readonly retrieve: {
        /** Each client has a directory of its own below it. */
        readonly dataDir: string;
        readonly clients: number;
        readonly peer: string;
        /** Content information in hex. */
        readonly information: string;
      };
    };

/** A line that it writes, one for each order and one when it is ready. */
export interface CrowdReport {
  /** Where it serves, and what. */
  readonly peer?: string;
  readonly information?: string;
  /** How each client ended: with the SHA-256 of what it got, or with what went wrong. */
  readonly ends?: readonly string[];
}

const engines: ReturnType<typeof createEngineDriver>[] = [];

const serve = async (dataDir: string, length: number): Promise<CrowdReport> => {
  const engine = createEngineDriver({ dataDir, journal: false });
  engines.push(engine);
  const session = await engine.distribution.startup();
  const information = await publish(engine.distribution, session, 'crowded', contentOf(length));
  const { host, port } = engine.endpoint()!;
  return { peer: `${host}:${port}`, information: information.toString('hex') };
};

/** One client with an engine, a cache and connections of its own. */
const retrieve = async (dataDir: string, peer: string, information: Buffer): Promise<string> => {
  const engine = createEngineDriver({ dataDir, listen: false, journal: false });
  engines.push(engine);
  const { distribution } = engine;
  const session = await distribution.startup();
  const content = await openContent(distribution, session, information, [peer]);
  const hash = createHash('sha256');
  for (;;) {
    const result = await distribution.streamRead(session, content, { maxBytes: 1 << 20, timeoutMs: 60_000 });
    if (result._tag === 'Missing') return `${result.cause}: ${JSON.stringify(result.attempts)}`;
    if (result._tag === 'End') return hash.digest('hex');
    if (result._tag === 'Data') hash.update(result.bytes);
  }
};

const carryOut = async (order: CrowdOrder): Promise<CrowdReport> => {
  if ('serve' in order) return serve(order.serve.dataDir, order.serve.length);
  const { dataDir, clients, peer, information } = order.retrieve;
  const bytes = Buffer.from(information, 'hex');
  const ends = await Promise.all(
    Array.from({ length: clients }, (_, index) => retrieve(join(dataDir, String(index)), peer, bytes)),
  );
  return { ends };
};

console.log(JSON.stringify({} satisfies CrowdReport));
for await (const line of createInterface(process.stdin)) {
  console.log(JSON.stringify(await carryOut(JSON.parse(line) as CrowdOrder)));
}
for (const engine of engines) await engine.dispose();
