import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { DistributionEvent, SessionHandle } from '../../../src/driver/index.js';
import { createEngineDriver, type EngineDriver, type EngineOptions } from '../../../src/engine/index.js';
import {
  contentInformationOf,
  encodeContentInformation,
  encodeResponse,
} from '../../../src/engine/distribution/wire/index.js';
import { openContent, publish } from '../driver/rig.js';
import { afterwards, fakePeer, honestAnswer, http, segmentOf, until, type FakePeer } from './harness.js';

interface Machine {
  readonly engine: EngineDriver;
  readonly session: SessionHandle;
  readonly events: DistributionEvent[];
  readonly peer: string;
}

const startMachine = async (options: EngineOptions = {}): Promise<Machine> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'peerweave-swarm-'));
  const engine = createEngineDriver({ dataDir, hashWorkers: 0, ...options });
  afterwards(async () => {
    await engine.dispose();
    await rm(dataDir, { recursive: true, force: true });
  });
  const session = await engine.distribution.startup();
  const events: DistributionEvent[] = [];
  engine.distribution.observe(session, (event) => events.push(event));
  const { host, port } = engine.endpoint() ?? { host: 'nowhere', port: 9 };
  return { engine, session, events, peer: `${host}:${port}` };
};

interface Read {
  readonly bytes: Buffer;
  readonly flashCrowd: boolean;
}

/** All of a content from peers. */
const retrieve = async (
  { engine: { distribution }, session }: Machine,
  information: Uint8Array,
  peers: readonly string[],
): Promise<Read> => {
  const content = await openContent(distribution, session, information, peers);
  const pieces: Uint8Array[] = [];
  let offset = 0;
  for (;;) {
    const read = await distribution.blockRead(session, content, offset, { maxBytes: 1_000_000 });
    if (read._tag === 'End') break;
    if (read._tag !== 'Data') throw new Error(`${read._tag} at ${offset}`);
    pieces.push(read.bytes);
    offset += read.bytes.length;
  }
  const { flashCrowd } = await distribution.getContentBasicInfo(session, content);
  await distribution.closeContent(session, content);
  return { bytes: Buffer.concat(pieces), flashCrowd };
};

const bytesFrom = ({ events }: Machine): Map<string, number> => {
  const sums = new Map<string, number>();
  for (const event of events) {
    if (event._tag !== 'SourceChosen' || event.peer === undefined) continue;
    sums.set(event.peer, (sums.get(event.peer) ?? 0) + event.bytes);
  }
  return sums;
};

const served = ({ events }: Machine): number =>
  events.reduce((sum, event) => sum + (event._tag === 'BlockResponseSent' ? event.bytes : 0), 0);

const SEGMENT = segmentOf(96 * 65_536);
const INFORMATION = encodeContentInformation(contentInformationOf([SEGMENT.info]));

it('sixteen peers are asked at the same time, and all contribute', async () => {
  const waiting: (() => void)[] = [];
  const startPeer = (): Promise<FakePeer> => {
    let isFirst = true;
    return fakePeer((socket, request) => {
      const answer = (): void => void socket.write(http(honestAnswer(SEGMENT, request)));
      if (request._tag !== 'GetBlocks' || !isFirst) {
        answer();
        return;
      }
      isFirst = false;
      waiting.push(answer);
      // Nobody gets a block before all sixteen have been asked for one.
      if (waiting.length === 16) for (const give of waiting) give();
    });
  };
  const peers = await Promise.all(Array.from({ length: 16 }, startPeer));
  const machine = await startMachine({
    listen: false,
    limits: { client: { requestTimeoutMs: 25_000, overtakeMs: 25_000 } },
  });
  const { bytes } = await retrieve(
    machine,
    INFORMATION,
    peers.map(({ peer }) => peer),
  );
  expect(bytes.equals(Buffer.concat(SEGMENT.blocks))).toBe(true);
  const contributions = bytesFrom(machine);
  for (const { peer } of peers) expect(contributions.get(peer)).toBeGreaterThanOrEqual(65_536);
});

it('a slow peer is overtaken: nobody waits for it, and nobody blames it', async () => {
  const slow = await fakePeer((socket, request) => {
    // Says what it has at once, and gives nothing of it within the time that this test takes.
    if (request._tag === 'GetBlockList') socket.write(http(honestAnswer(SEGMENT, request)));
  });
  const quick = await fakePeer((socket, request) => void socket.write(http(honestAnswer(SEGMENT, request))));
  const machine = await startMachine({ listen: false, limits: { client: { requestTimeoutMs: 600_000 } } });
  const { bytes } = await retrieve(machine, INFORMATION, [slow.peer, quick.peer]);
  expect(bytes.equals(Buffer.concat(SEGMENT.blocks))).toBe(true);
  expect(slow.requests.filter(({ _tag }) => _tag === 'GetBlocks').length).toBeGreaterThan(0);
  expect([...bytesFrom(machine)]).toEqual([[quick.peer, bytes.length]]);
  expect(machine.events.filter(({ _tag }) => _tag === 'PeerFailed')).toEqual([]);
});

it.each([1, 2] as const)(
  'of a flash crowd for content of version %i each serves the others what it has already',
  // Under Wine each look at a file takes a millisecond.
  { timeout: 300_000 },
  async (version) => {
    const content = randomBytes(8 * 1024 * 1024);
    const publisher = await startMachine();
    const { distribution } = publisher.engine;
    const information = await publish(distribution, publisher.session, 'wanted', content, { version });
    const crowd = await Promise.all(Array.from({ length: 4 }, () => startMachine()));
    // One after the other, while those before are still fetching.
    const reads: Promise<Read>[] = [];
    const before: string[] = [publisher.peer];
    for (const machine of crowd) {
      reads.push(retrieve(machine, information, before.toReversed()));
      await until(() => machine.events.filter(({ _tag }) => _tag === 'SourceChosen').length >= 8);
      before.push(machine.peer);
    }
    for (const { bytes } of await Promise.all(reads)) expect(bytes.equals(content)).toBe(true);
    expect(served(publisher)).toBeLessThan(crowd.length * content.length);
    const [first, ...others] = crowd;
    expect(served(first!)).toBeGreaterThan(0);
    for (const machine of others) {
      const fromCrowd = crowd.reduce((sum, { peer }) => sum + (bytesFrom(machine).get(peer) ?? 0), 0);
      expect(fromCrowd).toBeGreaterThan(0);
    }
  },
);

it('a crowd is told of where peers hold a part of the content only', async () => {
  const part = await fakePeer((socket, request) => {
    const isHere = request._tag === 'GetBlocks' && request.ranges[0]!.index < 48;
    const ranges = [{ index: 0, count: 48 }];
    const { cipher, segmentId } = request;
    if (request._tag === 'GetBlockList') {
      socket.write(http(encodeResponse({ _tag: 'BlockList', cipher, segmentId, ranges, nextBlockIndex: 0 })));
    } else if (isHere) socket.write(http(honestAnswer(SEGMENT, request)));
    else socket.write(http(honestAnswer(SEGMENT, request, { data: [], iv: Buffer.alloc(0) })));
  });
  const machine = await startMachine({ listen: false });
  const { distribution } = machine.engine;
  const content = await openContent(distribution, machine.session, INFORMATION, [part.peer]);
  const isCrowd = () => distribution.getContentBasicInfo(machine.session, content);
  expect(await isCrowd()).toEqual({ flashCrowd: false });
  const read = (block: number) =>
    distribution.blockRead(machine.session, content, block * 65_536, { maxBytes: 65_536 });
  // Not the first one, behind which so much is read ahead that the gap is met.
  expect(await read(1)).toMatchObject({ _tag: 'Data' });
  expect(await isCrowd()).toEqual({ flashCrowd: false });
  expect(await read(50)).toMatchObject({ _tag: 'Missing' });
  expect(await isCrowd()).toEqual({ flashCrowd: true });
});
