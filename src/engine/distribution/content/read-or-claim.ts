import type { Clock, ReadRequest, ReadResult } from '../../../driver/index.js';
import { MOST_CLAIMED, type CrowdMember } from '../crowd/index.js';
import type { RetrievalClient } from '../ports.js';
import type { BlockWindow } from './block-window.js';
import type { ContentMap } from './content-map.js';
import type { ContentPeers } from './content-peers.js';
import type { ContentReader } from './content-reader.js';
import type { LocalBlocks } from './local-blocks.js';
import type { Provenance } from './provenance.js';

export interface ClaimingParts {
  readonly reader: ContentReader;
  readonly window: BlockWindow;
  readonly map: ContentMap;
  readonly local: LocalBlocks;
  readonly peers: ContentPeers;
  readonly member: CrowdMember;
  readonly provenance: Pick<Provenance, 'awaited'>;
  readonly client: Pick<RetrievalClient, 'learn' | 'isStruckOut'>;
  readonly clock: Clock;
}

/** For a block that a neighbour has just got. */
const LEAST_READ_MS = 300;
/** How often in a row a neighbour may say that it has a block, and not deliver it: it may be busy. */
const MOST_FAILURES = 2;

/**
 * Reads for somebody who fetches what is missing from elsewhere: tells of a gap only when it is this machine's to fill,
 * and waits as long as it is another one's.
 */
export const readOrClaim = async (
  parts: ClaimingParts,
  offset: number,
  request: ReadRequest & { readonly fillsGapsAfterMs: number },
  signal: AbortSignal,
): Promise<ReadResult> => {
  const { reader, window, map, local, member, client, peers, provenance, clock } = parts;
  const deadline = clock.now() + request.fillsGapsAfterMs;
  const failures = new Map<string, number>();
  let timeoutMs = request.timeoutMs;
  let supplier: string | undefined;
  // Together with the search for peers, so that it takes no time of its own.
  const first = map.blockAt(offset);
  if (map.find(first) !== undefined && !local.has(first)) member.lookAround(first);
  for (;;) {
    const begun = clock.now();
    const result = await reader.read(offset, { ...request, timeoutMs }, signal);
    if (result._tag !== 'Missing') return result;
    if (supplier !== undefined) {
      const failed = (failures.get(supplier) ?? 0) + 1;
      failures.set(supplier, failed);
      if (failed > MOST_FAILURES || hasSpoiled(result, supplier))
        member.disappointed(supplier, clock.now() - begun);
    }
    const from = map.blockAt(offset);
    const place = map.find(from);
    if (place === undefined) return result;
    const { info } = place.segment;
    // Who has lied too often for its blocks to be wanted could be waited for in vain, time and again.
    const known = (): readonly string[] => peers.known(info).filter((peer) => !client.isStruckOut(peer));
    const outcome = await member.claimBlocks({
      from,
      to: await endOfGap(parts, from, known().length > 0, signal),
      peers: known,
      deadline,
      signal,
      onWaited: (waiting) => provenance.awaited(place, map.startOf(from), waiting),
    });
    if (outcome._tag === 'Granted') {
      const end = Math.min(map.startOf(outcome.to), map.end);
      return { ...result, length: end - offset, isClaimed: true };
    }
    supplier = outcome.peer;
    timeoutMs = Math.max(LEAST_READ_MS, deadline - clock.now());
    window.takeLacking(from);
    if (supplier !== undefined) {
      client.learn(
        supplier,
        { segment: info, block: place.index, neighbours: map.neighboursOf(from) },
        outcome.blocks,
      );
    }
  }
};

/** Whether a peer has sent bytes that are not the block's, which is no matter of time. */
const hasSpoiled = (
  { attempts = [] }: Extract<ReadResult, { readonly _tag: 'Missing' }>,
  by: string,
): boolean => attempts.some(({ peer, reason }) => peer === by && reason === 'wrong-bytes');

/** The first block after `from` that is here or, if there are others who want some, the last one that is asked for. */
const endOfGap = async (
  { map, local }: ClaimingParts,
  from: number,
  hasNeighbours: boolean,
  signal: AbortSignal,
): Promise<number> => {
  const end = map.blockAfter(map.end);
  if (!hasNeighbours) return local.firstThat(true, from + 1, end, signal);
  let block = from + 1;
  while (block < Math.min(end, from + MOST_CLAIMED) && !local.has(block)) block += 1;
  return block;
};
