import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { DistributionEvent } from '../../../src/driver/index.js';
import { createEngineDriver, type EngineOptions } from '../../../src/engine/index.js';
import { contentOf } from '../../robustness/support/node.js';
import { openContent, publish } from '../driver/rig.js';

/** What the program is told when it starts. */
export interface PeerProgramOptions {
  readonly engine: EngineOptions;
  /** Whose rights it takes instead of those of root. */
  readonly user?: number | undefined;
}

/** A line that the program reads. */
export type PeerOrder =
  | {
      readonly publish: {
        readonly length: number;
        readonly seed: number;
        readonly version?: 1 | 2 | undefined;
      };
    }
  /** Content information in hex. */
  | { readonly retrieve: string };

/** A line that it writes, one for each order and one when it is ready. */
export interface PeerReport {
  readonly information?: string;
  /** Of what was retrieved. */
  readonly sha256?: string;
  /** Who delivered it. */
  readonly peers?: readonly string[];
  /** How the reading ended if it got nothing. */
  readonly missing?: string;
  /** The tags of what happened then. */
  readonly events?: readonly string[];
}

/** For good: none of the rights of root can be had back. */
const becomeUser = (user: number): void => {
  const { setgroups, setgid, setuid } = process;
  if (setgroups === undefined || setgid === undefined || setuid === undefined)
    throw new Error('this system has no such users');
  setgroups([]);
  setgid(user);
  setuid(user);
};

/** An engine that does as it is told until its input ends; then it has to end by itself. */
const main = async ({ engine: engineOptions, user }: PeerProgramOptions): Promise<void> => {
  if (user !== undefined) becomeUser(user);
  const engine = createEngineDriver(engineOptions);
  const { distribution } = engine;
  const session = await distribution.startup();
  const events: DistributionEvent[] = [];
  distribution.observe(session, (event) => events.push(event));
  const retrieve = async (information: Buffer): Promise<PeerReport> => {
    const content = await openContent(distribution, session, information);
    const hash = createHash('sha256');
    events.length = 0;
    for (;;) {
      const request = { maxBytes: 1 << 20, timeoutMs: 20_000 };
      const result = await distribution.streamRead(session, content, request);
      if (result._tag === 'Missing') {
        return { missing: result.cause, events: events.map(({ _tag }) => _tag) };
      }
      if (result._tag !== 'Data') break;
      hash.update(result.bytes);
    }
    await distribution.closeContent(session, content);
    const peers = events.flatMap((event) => (event._tag === 'BlockVerified' ? [event.peer] : []));
    return { sha256: hash.digest('hex'), peers: [...new Set(peers)].sort() };
  };
  const carryOut = async (order: PeerOrder): Promise<PeerReport> => {
    if ('retrieve' in order) return retrieve(Buffer.from(order.retrieve, 'hex'));
    const { length, seed, version = 1 } = order.publish;
    const bytes = contentOf(length, seed);
    const information = await publish(distribution, session, `content ${seed}`, bytes, { version });
    return { information: information.toString('hex') };
  };
  console.log(JSON.stringify({} satisfies PeerReport));
  for await (const line of createInterface(process.stdin)) {
    console.log(JSON.stringify(await carryOut(JSON.parse(line) as PeerOrder)));
  }
  await engine.dispose();
};

const [options] = process.argv.slice(2);
if (options !== undefined) await main(JSON.parse(options) as PeerProgramOptions);
