/**
 * How long a reader waits for its first byte: from opening a content that its machine has never seen, with no connection
 * to anybody yet, to the first data. Publisher and reader are two processes; multicast goes over loopback. Of one content
 * there is nothing but the first segment: it is for what a gigabyte of version 2 has more of, content information.
 *
 *     node bench/run.mjs first-byte [contents]
 */
import { fork } from 'node:child_process';
import { createCipheriv, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContentHandle, SessionHandle } from '../src/driver/index.js';
import {
  contentInformationOf,
  deriveServerKey,
  describeSegment,
  encodeContentInformation,
  hashBlock,
} from '../src/engine/distribution/wire/index.js';
import { createEngineDriver, type DiscoveryOptions, type EngineDriver } from '../src/engine/index.js';
import { message } from './lib/message.js';

const LOOPBACK = '127.0.0.1';
const CONTENT_BYTES = 2 * 2 ** 20;
const TAG = Buffer.from('peerweave--bench');

/** As content-defined cutting makes them on average. */
const SEGMENT_BYTES = 73_000;
const GIGABYTE_SEGMENTS = Math.ceil(2 ** 30 / SEGMENT_BYTES);
const HASH = 'truncated-sha512';
/** Content information comes in pieces. */
const PIECE_BYTES = 65_536;

interface Serving {
  readonly peer: string;
  /** Content information of each content, in hex. */
  readonly informations: readonly string[];
}

const discoveryOn = (port: number): DiscoveryOptions => ({ interfaces: [LOOPBACK], port });

const publish = async ({ distribution }: EngineDriver, seed: number): Promise<string> => {
  const session = (sessionOf ??= await distribution.startup());
  const contentId = Buffer.from(String(seed));
  const stream = await distribution.publishStream(session, { contentId });
  const bytes = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16, seed >> 8));
  await distribution.addToStream(session, stream, bytes.update(Buffer.alloc(CONTENT_BYTES)));
  await distribution.completeStream(session, stream);
  const source = await distribution.openContentInformation(session, { contentId });
  const information = await distribution.retrieveContentInformation(session, source, CONTENT_BYTES);
  return Buffer.from(information).toString('hex');
};
let sessionOf: Awaited<ReturnType<EngineDriver['distribution']['startup']>> | undefined;

/** The first segment of a gigabyte, and what describes all of it. */
const gigabyte = (): { readonly first: Buffer; readonly information: Buffer } => {
  const first = Buffer.alloc(SEGMENT_BYTES, 'first');
  const serverKey = deriveServerKey(HASH, Buffer.from('a secret'));
  const segments = Array.from({ length: GIGABYTE_SEGMENTS }, (_, index) => {
    const block = index === 0 ? first : Buffer.from(String(index));
    return describeSegment({
      hash: HASH,
      serverKey,
      length: SEGMENT_BYTES,
      blockHashes: [hashBlock(HASH, block)],
    });
  });
  return { first, information: encodeContentInformation(contentInformationOf(segments)) };
};

const addInformation = async (
  { distribution }: EngineDriver,
  session: SessionHandle,
  content: ContentHandle,
  information: Buffer,
): Promise<void> => {
  for (let at = 0; at < information.length; at += PIECE_BYTES) {
    const piece = information.subarray(at, at + PIECE_BYTES);
    await distribution.addContentInformation(session, content, piece);
  }
  await distribution.completeContentInformation(session, content);
};

/** Has the first segment of it in the cache. */
const holdGigabyte = async (engine: EngineDriver): Promise<void> => {
  const { distribution } = engine;
  const { first, information } = gigabyte();
  const session = (sessionOf ??= await distribution.startup());
  const content = await distribution.openContent(session, { tag: TAG });
  await addInformation(engine, session, content, information);
  await distribution.addData(session, content, 0, first);
  await distribution.closeContent(session, content);
};

const serve = async (directory: string, port: number, contents: number): Promise<void> => {
  const stopped = once(process, 'message');
  const engine = createEngineDriver({
    dataDir: directory,
    listen: { host: LOOPBACK, port: 0 },
    discovery: discoveryOn(port),
  });
  const informations: string[] = [];
  for (let seed = 1; seed <= contents; seed += 1) informations.push(await publish(engine, seed));
  await holdGigabyte(engine);
  const endpoint = engine.endpoint();
  const peer = `${LOOPBACK}:${endpoint?.port ?? 0}`;
  process.send?.({ peer, informations } satisfies Serving);
  await stopped;
  await engine.dispose();
  process.disconnect();
};

/** Milliseconds to the first byte, with an engine of its own that is running already. */
const firstByte = async (
  dataDir: string,
  information: Buffer,
  how: { readonly peers: readonly string[]; readonly discovery: DiscoveryOptions | false },
): Promise<number> => {
  const engine = createEngineDriver({ dataDir, listen: false, discovery: how.discovery, journal: false });
  const { distribution } = engine;
  const session = await distribution.startup();
  const start = performance.now();
  const content = await distribution.openContent(session, { tag: TAG, peers: how.peers });
  await addInformation(engine, session, content, information);
  const read = await distribution.streamRead(session, content, { maxBytes: 1 });
  const took = performance.now() - start;
  if (read._tag !== 'Data') throw new Error(`${read._tag} instead of a byte`);
  await engine.dispose();
  return took;
};

const row = (name: string, aim: number, times: readonly number[]): string => {
  const sorted = [...times].sort((one, other) => one - other);
  const at = (part: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN).toFixed(1).padStart(8);
  return `${name.padEnd(14)} ${at(0.5)} ${at(0.95)} ${at(1)} ${String(aim).padStart(6)}`;
};

const main = async (contents: number): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-bench-'));
  const port = randomInt(20_000, 60_000);
  const [, program = ''] = process.argv;
  const child = fork(program, ['serve', join(directory, 'server'), String(port), String(contents)]);
  try {
    const { peer, informations } = await message<Serving>(child);
    const known: number[] = [];
    const found: number[] = [];
    const large: number[] = [];
    const { information: ofGigabyte } = gigabyte();
    for (const [index, hex] of informations.entries()) {
      const information = Buffer.from(hex, 'hex');
      const dataDir = (how: string): string => join(directory, `${how}-${index}`);
      known.push(await firstByte(dataDir('known'), information, { peers: [peer], discovery: false }));
      found.push(await firstByte(dataDir('found'), information, { peers: [], discovery: discoveryOn(port) }));
    }
    for (const index of informations.keys()) {
      const dataDir = join(directory, `large-${index}`);
      large.push(await firstByte(dataDir, ofGigabyte, { peers: [peer], discovery: false }));
    }
    console.log(`${contents} contents, milliseconds to the first byte`);
    console.log(`${''.padEnd(14)}   median      95%    worst    aim`);
    console.log(row('known peer', 40, known));
    console.log(row('by multicast', 400, found));
    console.log(row('of a gigabyte', 40, large));
  } finally {
    child.send('stop');
    await once(child, 'close');
    await rm(directory, { recursive: true, force: true });
  }
};

const [first, ...rest] = process.argv.slice(2);
if (first === 'serve') await serve(rest[0] ?? '', Number(rest[1]), Number(rest[2]));
else await main(Number(first ?? 30));
