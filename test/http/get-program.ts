import { createHash } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { createInterface } from 'node:readline';
import { lastValueFrom, tap } from 'rxjs';
import type { DistributionEvent } from '../../src/driver/index.js';
import { createEngineDriver, type EngineOptions } from '../../src/engine/index.js';
import { get } from '../../src/http/index.js';
import { createPeerweave } from '../../src/index.js';

/** A line that the program reads. */
export type GetOrder =
  | { readonly start: EngineOptions & { readonly dataDir: string } }
  | { readonly get: { readonly url: string; readonly peers: readonly string[]; readonly to?: string } };

/** A line that it writes, one for each order and one when it is ready. */
export interface GetReport {
  /** Where its engine serves. */
  readonly endpoint?: string;
  readonly sha256?: string;
  readonly fromOrigin?: number;
  readonly fromCache?: number;
  readonly fromPeers?: number;
  /** Who has said that it fetches the same. */
  readonly met?: readonly string[];
}

/** On a machine that runs other tests a neighbour may be late by more than a second. */
const PATIENCE_MS = 10_000;

const ending: (() => Promise<void>)[] = [];
let fetchAs: ((url: string, peers: readonly string[], to?: string) => Promise<GetReport>) | undefined;

const met = new Set<string>();
subscribe('peerweave:distribution', (message) => {
  const event = message as DistributionEvent;
  if (event._tag === 'DiscoveryResponseReceived' && event.version === 'crowd') met.add(event.peer);
});

const start = async (options: EngineOptions): Promise<GetReport> => {
  const driver = createEngineDriver({ journal: false, ...options });
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
      met: [...met].sort(),
    };
  };
  const { host, port } = driver.endpoint()!;
  return { endpoint: `${host}:${port}` };
};

const carryOut = async (order: GetOrder): Promise<GetReport> => {
  if ('start' in order) return start(order.start);
  if (fetchAs === undefined) throw new Error('not started');
  return fetchAs(order.get.url, order.get.peers, order.get.to);
};

const report = (line: GetReport): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

report({});
for await (const line of createInterface(process.stdin)) report(await carryOut(JSON.parse(line) as GetOrder));
for (const end of ending) await end();
