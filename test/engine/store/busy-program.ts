/**
 * Works on a store without end until it is killed: publishes contents and writes the blocks of adopted segments,
 * telling on its output what it has finished.
 *
 *     busy-program DIRECTORY SEED
 */
import { writeSync } from 'node:fs';
import { openContentStore } from '../../../src/engine/distribution/store/index.js';
import { BLOCK, contentOf, segmentOf, SECRET, tag } from './made-content.js';

const [directory = '', seed = '0'] = process.argv.slice(2);

// Not console.log: what was said must be out before the kill.
const say = (line: string): void => void writeSync(1, `${line}\n`);

const store = await openContentStore({ directory, serverSecret: SECRET });
say('open');

const publishOne = async (round: number): Promise<void> => {
  const name = `${seed}-${round}`;
  const content = contentOf(name, 9 * BLOCK + 77);
  const writer = await store.beginPublication({ contentId: Buffer.from(name), hash: 'sha256' });
  for (let at = 0; at < content.length; at += 100_000)
    await writer.append(content.subarray(at, at + 100_000));
  await writer.complete();
  say(`published ${name}`);
  if (round % 3 !== 0) return;
  await store.unpublish(Buffer.from(name));
  say(`unpublished ${name}`);
};

const fetchOne = async (round: number): Promise<void> => {
  // The same segments in every process, so that they meet.
  const name = `shared-${round % 4}`;
  const { info, blocks } = segmentOf(name, 6);
  const segment = await store.adopt(info, tag('fetch'));
  for (const [index, block] of blocks.entries()) await segment.write(index, block);
  say(`fetched ${name}`);
  if (round % 5 === 4) await store.flush(tag('fetch'));
};

for (let round = 1; ; round += 1) await Promise.all([publishOne(round), fetchOne(round)]);
