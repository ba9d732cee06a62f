import { createHash } from 'node:crypto';
import type { ContentSupplier, DistributionEvent, SessionHandle } from '../../../src/driver/index.js';
import { createEngineDriver, type EngineDriver, type EngineOptions } from '../../../src/engine/index.js';
import { afterwards } from '../retrieval/harness.js';
import { newDirectory, TAG } from './harness.js';

export interface Machine {
  readonly engine: EngineDriver;
  readonly session: SessionHandle;
  readonly events: DistributionEvent[];
}

export const startMachine = async (options: EngineOptions = {}): Promise<Machine> => {
  const engine = createEngineDriver({ dataDir: await newDirectory(), ...options });
  afterwards(() => engine.dispose());
  const session = await engine.distribution.startup();
  const events: DistributionEvent[] = [];
  engine.distribution.observe(session, (event) => events.push(event));
  return { engine, session, events };
};

/** Its content information. */
export const publish = async (
  { engine: { distribution }, session }: Machine,
  content: Buffer,
  version: 1 | 2 = 1,
): Promise<Buffer> => {
  const contentId = createHash('sha256').update(content).digest();
  const stream = await distribution.publishStream(session, { contentId, version });
  await distribution.addToStream(session, stream, content);
  await distribution.completeStream(session, stream);
  const information = await distribution.openContentInformation(session, { contentId });
  return Buffer.from(await distribution.retrieveContentInformation(session, information, 1_000_000));
};

/** All that can be had; `origin` gives what cannot. */
export const retrieve = async (
  { engine: { distribution }, session }: Machine,
  information: Buffer,
  peers: readonly string[],
  origin?: Buffer,
  suppliers?: readonly ContentSupplier[],
): Promise<Buffer> => {
  const content = await distribution.openContent(session, { tag: TAG, peers, suppliers });
  await distribution.addContentInformation(session, content, information);
  await distribution.completeContentInformation(session, content);
  const pieces: Uint8Array[] = [];
  let offset = 0;
  for (;;) {
    const read = await distribution.blockRead(session, content, offset, { maxBytes: 1_000_000 });
    if (read._tag === 'End') break;
    if (read._tag === 'Available') throw new Error('asked for bytes');
    if (read._tag === 'Data') pieces.push(read.bytes);
    else {
      if (origin === undefined) throw new Error(`${read._tag} at ${offset}`);
      const bytes = origin.subarray(offset, offset + Math.max(read.length, 1));
      await distribution.addData(session, content, offset, bytes);
      continue;
    }
    offset += read.bytes.length;
  }
  await distribution.closeContent(session, content);
  return Buffer.concat(pieces);
};
