import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { lastValueFrom, tap } from 'rxjs';
import { createEngineDriver } from '../../src/engine/index.js';
import { get } from '../../src/http/index.js';
import { createPeerweave } from '../../src/index.js';

/** A line that the program reads. */
export type GetOrder =
  | { readonly start: { readonly dataDir: string } }
  | { readonly get: { readonly url: string; readonly peers: readonly string[]; readonly to?: string } };

/** A line that it writes, one for each order and one when it is ready. */
export interface GetReport {
  /** Where its engine serves. */
  readonly endpoint?: string;
  readonly sha256?: string;
  readonly fromOrigin?: number;
  readonly fromCache?: number;
  readonly fromPeers?: number;
}

/** On a machine that runs other tests a neighbour may be late by more than a second. */
const PATIENCE_MS = 10_000;

const ending: (() => Promise<void>)[] = [];
let fetchAs: ((url: string, peers: readonly string[], to?: string) => Promise<GetReport>) | undefined;

const start = async (dataDir: string): Promise<GetReport> => {
  const driver = createEngineDriver({ dataDir, journal: false });
  const peers = createPeerweave({ driver });
  const session = await peers.promise(peers.effects.openSession());
  ending.push(async () => {
    await session.close();
    await driver.dispose();
  });
  fetchAs = async (url, others, to) => {
    const hash = createHash('sha256');
    const { counts } = await lastValueFrom(
      get(url, { session, peers: others, to, patienceMs: PATIENCE_MS }).pipe(
        tap((progress) => progress._tag === 'Received' && void hash.update(progress.bytes)),
      ),
    );
    const fromPeers = Object.values(counts.fromPeers).reduce((sum, bytes) => sum + bytes, 0);
    return {
      sha256: hash.digest('hex'),
      fromOrigin: counts.fromOrigin,
      fromCache: counts.fromCache,
      fromPeers,
    };
  };
  const { host, port } = driver.endpoint()!;
  return { endpoint: `${host}:${port}` };
};

const carryOut = async (order: GetOrder): Promise<GetReport> => {
  if ('start' in order) return start(order.start.dataDir);
  if (fetchAs === undefined) throw new Error('not started');
  return fetchAs(order.get.url, order.get.peers, order.get.to);
};

const report = (line: GetReport): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

report({});
for await (const line of createInterface(process.stdin)) report(await carryOut(JSON.parse(line) as GetOrder));
for (const end of ending) await end();
