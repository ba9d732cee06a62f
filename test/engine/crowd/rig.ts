import { createVirtualClock } from '../../../src/testing/index.js';
import { Crowd } from '../../../src/engine/distribution/crowd/crowd.js';
import { CrowdMember, type Meet } from '../../../src/engine/distribution/crowd/member.js';
import { Neighbours } from '../../../src/engine/distribution/crowd/neighbours.js';
import type { BlockSource, SegmentInfo, StoredSegment } from '../../../src/engine/distribution/ports.js';
import type { AnswerListener, Transport } from '../../../src/engine/distribution/retrieval/transport.js';
import { SEGMENT_LENGTH, SegmentList, SegmentStarts } from '../../../src/engine/distribution/wire/index.js';

const ID = Buffer.alloc(32, 9);
export const SEGMENT = ID.toString('hex');
export const BLOCKS = 512;
const INFO: SegmentInfo = {
  id: ID,
  hash: 'sha256',
  hashOfData: Buffer.alloc(32),
  secret: Buffer.alloc(32),
  length: BLOCKS * 65_536,
  blockHashes: Array.from({ length: BLOCKS }, () => Buffer.alloc(32)),
};

const STARTS = new SegmentStarts(1, SEGMENT_LENGTH);
STARTS.set(0, 0);
STARTS.set(1, INFO.length);

export type VirtualClock = ReturnType<typeof createVirtualClock>;

/** How something that is asked at an address behaves. */
export type Behaviour = (message: Buffer, listener: AnswerListener) => void;

/** The machines that can be reached, by address. */
export type Network = Map<string, Behaviour>;

/** Carries messages within the process, and remembers to whom. */
export const transportOver = (network: Network, asked: string[]): Transport => ({
  post: (peer, message, listener) => {
    asked.push(peer);
    let isAborted = false;
    network.get(peer)?.(message, {
      onAnswer: (body) => !isAborted && listener.onAnswer(body),
      onFailure: (fault) => !isAborted && listener.onFailure(fault),
    });
    return { abort: () => (isAborted = true) };
  },
  close: () => undefined,
});

/** A machine that has and wants blocks of one segment. */
export const machine = (clock: VirtualClock, network: Network, port: number, token: string, meet?: Meet) => {
  const here = new Set<number>();
  const asked: string[] = [];
  const stored = { info: INFO, has: (index: number) => here.has(index) } as unknown as StoredSegment;
  const source: BlockSource = { find: () => stored };
  const crowd = new Crowd(source, clock);
  const neighbours = new Neighbours(clock, transportOver(network, asked));
  const peer = `127.0.0.1:${port}`;
  network.set(peer, (message, listener) => {
    void crowd.answer(message, '127.0.0.1').then((answer) => answer && listener.onAnswer(answer));
  });
  const join = (own = token): CrowdMember =>
    new CrowdMember({
      crowd,
      neighbours,
      clock,
      token: own.padStart(16, '0'),
      port,
      content: {
        segments: new SegmentList(STARTS, 1, () => INFO),
        blocksPerSegment: BLOCKS,
        numberOf: (segment) => (segment === SEGMENT ? 0 : undefined),
        has: (block) => here.has(block),
      },
      meet,
    });
  const member = join();
  return {
    peer,
    here,
    asked,
    crowd,
    member,
    join,
    /** What fetching a block from the origin comes to. */
    fetched: (...blocks: readonly number[]) => {
      for (const block of blocks) here.add(block);
      member.progress(blocks.length);
    },
    claim: (
      from: number,
      peers: readonly string[] | (() => readonly string[]),
      signal = new AbortController().signal,
    ) =>
      member.claimBlocks({
        from,
        to: BLOCKS,
        peers: typeof peers === 'function' ? peers : () => peers,
        deadline: clock.now() + 950,
        signal,
      }),
  };
};
