import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { liveHandleCount, type DistributionSession } from '../../src/effects/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import {
  contentBytes,
  contentIterable,
  contentStream,
  createPeerweave,
  distributionEvents,
  publish,
  retrieve,
  type Peerweave,
} from '../../src/streams/index.js';
import { leftoversOf, resetMachines } from './leftovers.js';
import { AT_ONCE, buildSimulators } from './simulators.js';

const simulators = buildSimulators();
const { machines } = simulators;
afterAll(() => simulators.remove());

const [DISABLED, AVAILABLE] = [0, 2];

let directory: string;
let peers: readonly Peerweave[];
let here: DistributionSession;
let there: DistributionSession;

const sessionOf = async (peer: Peerweave | undefined): Promise<DistributionSession> => {
  if (peer === undefined) throw new Error('two machines are simulated');
  return peer.promise(peer.effects.openSession());
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'peerweave-transfer-'));
  peers = machines.map(({ libraries }) => createPeerweave({ driver: createWindowsDriver({ libraries }) }));
  here = await sessionOf(peers[0]);
  there = await sessionOf(peers[1]);
});

afterEach(async () => {
  for (const session of [here, there]) await session.close();
  for (const { env } of peers) await env.driver.dispose();
  await rm(directory, { recursive: true });
  for (const { peerdist } of machines) peerdist.setStatus(AVAILABLE, AT_ONCE);
  expect(leftoversOf(simulators)).toEqual({});
  expect(liveHandleCount()).toBe(0);
  resetMachines(simulators);
});

const BYTES = randomBytes(300_000);

const informationOf = async (source: Uint8Array | string): Promise<Uint8Array> => {
  const last = await lastValueFrom(publish(source, { session: there }));
  if (last._tag !== 'Published') throw new Error('interrupted');
  return last.contentInformation;
};

describe('content by the Windows driver', () => {
  it('goes from a file of one machine to a file of the other, every byte', async () => {
    const [from, to] = [join(directory, 'from'), join(directory, 'to')];
    await writeFile(from, BYTES);
    const progress = await lastValueFrom(
      retrieve(await informationOf(from), { session: here, to, pieceBytes: 65_536 }).pipe(toArray()),
    );
    expect(progress.at(-1)).toMatchObject({ _tag: 'Retrieved', bytes: BYTES.length });
    expect((await readFile(to)).equals(BYTES)).toBe(true);
  });

  it('comes as a stream, as an iterable and as a web stream', async () => {
    const information = await informationOf(BYTES);
    const options = { session: here, pieceBytes: 100_000 };
    const iterated: Uint8Array[] = [];
    for await (const bytes of contentIterable(information, options)) iterated.push(bytes);
    const all = [
      Buffer.concat(await lastValueFrom(contentBytes(information, options).pipe(toArray()))),
      Buffer.concat(iterated),
      Buffer.from(await new Response(contentStream(information, options)).arrayBuffer()),
    ];
    expect(all.map((bytes) => bytes.equals(BYTES))).toEqual([true, true, true]);
  });

  it('comes from its origin where no machine has it any more, and is kept', async () => {
    const information = await informationOf(BYTES);
    await there.close();
    let asked = 0;
    const origin = async ({ offset, length }: { readonly offset: number; readonly length: number }) => {
      asked += length;
      return BYTES.subarray(offset, offset + length);
    };
    const options = { session: here, timeoutMs: 0, origin };
    for (const fetched of [BYTES.length, BYTES.length]) {
      const pieces = await lastValueFrom(contentBytes(information, options).pipe(toArray()));
      expect(Buffer.concat(pieces).equals(BYTES)).toBe(true);
      expect(asked).toBe(fetched);
    }
  });

  it('stops at once when nobody wants it any more', async () => {
    const information = await informationOf(BYTES);
    await there.close();
    const subscription = retrieve(information, { session: here, timeoutMs: 60_000 }).subscribe();
    await vi.waitFor(() => expect(machines[0].peerdist.calls('PeerDistClientStreamRead')).toBeGreaterThan(0));
    subscription.unsubscribe();
    await vi.waitFor(() => expect(machines[0].peerdist.calls('PeerDistClientCloseContent')).toBe(1));
    await vi.waitFor(() => expect(machines[0].peerdist.openHandles()).toBe(1));
  });

  it('ends with a typed error when the service goes away meanwhile', async () => {
    const information = await informationOf(BYTES);
    await there.close();
    const ended = lastValueFrom(retrieve(information, { session: here, timeoutMs: 60_000 })).catch(
      (error: unknown) => error,
    );
    await vi.waitFor(() => expect(machines[0].peerdist.calls('PeerDistClientStreamRead')).toBeGreaterThan(0));
    machines[0].peerdist.setStatus(DISABLED, AT_ONCE);
    expect(await ended).toMatchObject({ _tag: 'Invalidated' });
  });

  it('has no events block by block: Windows tells none', async () => {
    const events = lastValueFrom(distributionEvents(here).pipe(toArray()));
    await lastValueFrom(retrieve(await informationOf(BYTES), { session: here }));
    await here.close();
    expect(await events).toEqual([]);
  });
});
