import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LIMITS, MOST_PEERS_COUNTED } from '../../src/driver/index.js';
import { LONGEST_NAME } from '../../src/effects/validate/content.js';
import { MAX_DEPTH } from '../../src/effects/validate/xml.js';
import { MOST_IN_MEMORY } from '../../src/engine/distribution/content/content-information-bytes.js';
import { DEFAULT_CONTENT_LIMITS } from '../../src/engine/distribution/content/content-limits.js';
import { MOST_PINNED } from '../../src/engine/distribution/content/local-blocks.js';
import { MOST_CLAIMED } from '../../src/engine/distribution/crowd/claim-message.js';
import { STALE_MS } from '../../src/engine/distribution/crowd/claim.js';
import { MOST_HELD } from '../../src/engine/distribution/crowd/crowd.js';
import { QUIET_MS } from '../../src/engine/distribution/crowd/departure.js';
import { HOLD_MS, MOST_NEIGHBOURS } from '../../src/engine/distribution/crowd/member.js';
import {
  DISAPPOINTED_MS,
  FOREIGN_MS,
  UNREACHABLE_MS,
} from '../../src/engine/distribution/crowd/neighbours.js';
import { BUDGET_MS } from '../../src/engine/distribution/crowd/waiting-budget.js';
import { LEAST_QUOTA } from '../../src/engine/cache-settings.js';
import { DEFAULT_DISCOVERY_LIMITS } from '../../src/engine/distribution/discovery/limits.js';
import { SEGMENTS_PER_PROBE } from '../../src/engine/distribution/discovery/questions.js';
import { LOOK_MS } from '../../src/engine/distribution/discovery/network/udp-network.js';
import {
  MAX_DEPTH as MAX_MESSAGE_DEPTH,
  MAX_ELEMENTS,
  MAX_MESSAGE_LENGTH,
  MAX_SEGMENTS,
} from '../../src/engine/distribution/discovery/wire/index.js';
import {
  DEFAULT_CLIENT_LIMITS,
  DEFAULT_SERVER_LIMITS,
} from '../../src/engine/distribution/retrieval/limits.js';
import {
  MOST_TOGETHER,
  REQUESTS_TOGETHER,
} from '../../src/engine/distribution/retrieval/requests-together.js';
import {
  ACTIVE_CLIENTS,
  REQUESTS_PER_CLIENT,
  DEFAULT_PULLER_LIMITS as puller,
  DEFAULT_QUOTA,
} from '../../src/engine/distribution/hosted-cache/hosted-cache.js';
import { LONGEST_STAY_MS, TICK_MS } from '../../src/engine/distribution/hosted-cache/offer-sender.js';
import {
  BLOCK_LENGTH,
  MAX_CONTENT_INFORMATION_LENGTH,
  MAX_SEGMENT_LENGTH_V2,
  MAX_REQUEST_LENGTH,
  MAX_RESPONSE_LENGTH,
  SEGMENT_LENGTH,
} from '../../src/engine/distribution/wire/index.js';
import { MOST_RETRIEVALS, WRITE_EVERY_MS } from '../../src/engine/distribution/insight/journal.js';
import { MOST_RUNS_KEPT } from '../../src/engine/distribution/insight/process-record.js';
import { MOST_PROCESSES } from '../../src/engine/distribution/insight/process-files.js';
import {
  MOST_EXPLANATIONS,
  MOST_FACTS,
  MOST_RUNS,
} from '../../src/engine/distribution/insight/segment-log.js';
import {
  LOOK_EVERY_MS,
  LOW_WATER,
  MARK_EVERY_MS,
} from '../../src/engine/distribution/store/cache/cache-keeper.js';
import {
  DEFAULT_LEAST,
  DEFAULT_MAX_AGE_MS,
  DEFAULT_PERCENT,
} from '../../src/engine/distribution/store/cache/cache-limits.js';
import { MOST_BYTES } from '../../src/engine/distribution/store/cache/departures.js';
import { TELL_EVERY } from '../../src/engine/distribution/store/cache/usage-ledger.js';
import { MAX_DESCRIPTION_LENGTH } from '../../src/engine/distribution/store/package/package-format.js';
import { MAX_CHAIN_LENGTH } from '../../src/engine/grouping/certificates/chain.js';
import { SCRYPT_COST } from '../../src/engine/grouping/crypto/password.js';
import { MAX_DOCUMENT_LENGTH } from '../../src/engine/grouping/documents/xml.js';
import { MIN_GROUP_PASSWORD_LENGTH } from '../../src/engine/grouping/group-properties.js';
import { MAX_IDENTITIES } from '../../src/engine/grouping/storage/identity-store.js';
import { LONGEST_REST_MS } from '../../src/http/client/resting-origin.js';

const text = readFileSync(new URL('../../docs/LIMITS.md', import.meta.url), 'utf8');

/** Bound and value of every row of the tables. */
const rows = new Map(
  text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| bound'))
    .map((line) => {
      const [, bound = '', value = ''] = line.split('|').map((cell) => cell.trim());
      return [bound, value] as const;
    }),
);

const UNITS: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2 };

/** The first number of a value, with its unit: `8 MiB a content` is 8388608. */
const amount = (value: string): number => {
  const [, digits = '', unit = ''] = /^(\d+(?: \d{3})*)(?: ([KM]iB))?/.exec(value) ?? [];
  return Number(digits.replaceAll(' ', '')) * (UNITS[unit] ?? 1);
};

const [content, client, server] = [DEFAULT_CONTENT_LIMITS, DEFAULT_CLIENT_LIMITS, DEFAULT_SERVER_LIMITS];
const discovery = DEFAULT_DISCOVERY_LIMITS;

describe('the table of limits', () => {
  it.each([
    ['block', BLOCK_LENGTH],
    ['segment', SEGMENT_LENGTH],
    ['segment of version 2', MAX_SEGMENT_LENGTH_V2],
    ['content information', MAX_CONTENT_INFORMATION_LENGTH],
    ['content information held in memory, engine', MOST_IN_MEMORY],
    ['bytes of one answer to a read, engine', content.maxReadBytes],
    ['blocks fetched ahead of a reader', content.readAheadBlocks],
    ['blocks being written', content.readAheadBlocks],
    ['blocks of which only pieces were added', content.maxPartialBlocks],
    ['bytes added before content information', content.maxEarlyBytes],
    ['content tag', LIMITS['peerdist.contentTag.size']],
    ['name of a content', LONGEST_NAME],
    ['machines counted one by one', MOST_PEERS_COUNTED],
    ['different explanations of segments', MOST_EXPLANATIONS],
    ['facts in one explanation', MOST_FACTS],
    ['runs of segments in an explanation', MOST_RUNS],
    ['runs of segments kept on disk', MOST_RUNS_KEPT],
    ['retrievals of a process', MOST_RETRIEVALS],
    ['processes that are no more', MOST_PROCESSES],
    ['time until it is on disk', WRITE_EVERY_MS],
    ['share of the volume for the cache', DEFAULT_PERCENT],
    ['cache of a small volume, unless it is set', DEFAULT_LEAST],
    ['least quota', LEAST_QUOTA],
    ['left after an eviction', LOW_WATER * 100],
    ['days in the cache', DEFAULT_MAX_AGE_MS / 86_400_000],
    ['pause between looks for what is too old', LOOK_EVERY_MS],
    ['time until the last use is on disk', MARK_EVERY_MS],
    ['bytes written before others are told', TELL_EVERY],
    ['runs of an open content kept from eviction', MOST_PINNED],
    ['notes of segments that left the cache, each of two files', MOST_BYTES],
    ['description in a cache package', MAX_DESCRIPTION_LENGTH],
    ['wait for a read', LIMITS['peerdist.readTimeout.default']],
    ['rest of an origin that failed', LONGEST_REST_MS],
    ['peers asked for one block', client.peersPerContent],
    ['requests to all peers', client.requests],
    ['requests to one peer', client.requestsPerPeer],
    ['of them on one connection', MOST_TOGETHER],
    ['requests taken on one connection', REQUESTS_TOGETHER],
    ['wait before asking others, too', client.overtakeMs],
    ['silence before the next source is asked, too', client.overtakeMs],
    ['one request', client.requestTimeoutMs],
    ['faults of a peer', client.faultsPerPeer],
    ['memory of faults', client.faultMemoryMs],
    ['blocks asked for without a block list', client.blocksWithoutList],
    ['trust in a block list', client.listLifetimeMs],
    ['neighbours asked about one content', MOST_NEIGHBOURS],
    ['neighbours met about one content', MOST_NEIGHBOURS],
    ['segments of the question who fetches the same', SEGMENTS_PER_PROBE.crowd],
    ['blocks of one claim', MOST_CLAIMED],
    ['answer held back', HOLD_MS],
    ['end of the last session while neighbours ask', QUIET_MS],
    ['answers held back', MOST_HELD],
    ['waiting for neighbours', BUDGET_MS],
    ['claim that brings nothing', STALE_MS],
    ['neighbour that was waited for in vain', DISAPPOINTED_MS],
    ['neighbour that answers no such questions', FOREIGN_MS],
    ['neighbour that cannot be reached', UNREACHABLE_MS],
    ['request message', MAX_REQUEST_LENGTH],
    ['response message', MAX_RESPONSE_LENGTH],
    ['requests served at a time', server.activeClients],
    ['of them for one client', server.requestsPerClient],
    ['their wait', server.busyAfterMs],
    ['connections served', server.connections],
    ['of them of one client', server.connectionsPerClient],
    ['one answer', server.uploadTimeoutMs],
    ['head of a request', server.headTimeoutMs],
    ['whole request', server.requestTimeoutMs],
    ['connection without a request', server.idleTimeoutMs],
    ['bytes of a hosted cache', DEFAULT_QUOTA],
    ['requests for blocks served by it at a time', ACTIVE_CLIENTS],
    ['of those for one client', REQUESTS_PER_CLIENT],
    ['segments that wait for one client', puller.segmentsPerClient],
    ['clients fetched from', puller.clients],
    ['clients whose offers wait', puller.waitingClients],
    ['answer of a client', puller.requestTimeoutMs],
    ['faults of a client', puller.faultsPerClient],
    ['pause between two offers', TICK_MS],
    ['longest stay of a client whose last session ended', LONGEST_STAY_MS],
    ['wait for answers to a Probe', discovery.answerTimeoutMs],
    ['Probe that nobody has answered', discovery.repeatAfterMs],
    ['Probes of one question', discovery.transmissions],
    ['wait before an answer, random', discovery.maxBackOffMs],
    ['trust in a discovered peer', discovery.peerLifetimeMs],
    ['time after a search that found nobody', discovery.nobodyLifetimeMs],
    ['peers of one segment', discovery.peersPerSegment],
    ['answers to a search of its own, for one segment', discovery.enoughAnswers],
    ['bytes of messages of one source', discovery.bytesPerSource],
    ['bytes of messages of all sources', discovery.bytes],
    ['answers to one source', discovery.answersPerSource],
    ['message of discovery', MAX_MESSAGE_LENGTH],
    ['segments of a Probe', MAX_SEGMENTS],
    ['elements of a message', MAX_ELEMENTS],
    ['depth of a message', MAX_MESSAGE_DEPTH],
    ['time until a new interface is used', LOOK_MS],
    ['classifier', LIMITS['identity.classifier.max']],
    ['friendly name, comment', LIMITS['group.friendlyName.max']],
    ['life of member data', LIMITS['group.memberDataLifetime.min']],
    ['life of presence', LIMITS['group.presenceLifetime.min']],
    ['chain of memberships', MAX_CHAIN_LENGTH],
    ['record with its attributes', LIMITS['record.max']],
    ['name of an attribute', LIMITS['record.attributeName.max']],
    ['life of a record that renews itself', LIMITS['record.autorefresh.minExpiry']],
    ['depth of XML given by the caller', MAX_DEPTH],
    ['waiting for a connection', LIMITS['connect.timeout.recommended'] * 1000],
    ['identities, engine', MAX_IDENTITIES],
    ['XML document, engine', MAX_DOCUMENT_LENGTH],
    ['group password, engine', MIN_GROUP_PASSWORD_LENGTH],
  ])('says what the code does about: %s', (bound, value) => {
    expect(amount(rows.get(bound) ?? '')).toBe(value);
  });

  it('names the cost of a password', () => {
    const { log2N, r, p } = SCRYPT_COST;
    expect(text).toContain(`N = 2^${log2N}, r = ${r}, p = ${p}`);
  });

  it('names every limit of the engine that can be moved, and no other', () => {
    const named = [...text.matchAll(/`limits\.(\w+\.\w+)`/g)].map(([, path]) => path);
    const movable = Object.entries({ content, client, server, discovery }).flatMap(([part, limits]) =>
      Object.keys(limits).map((name) => `${part}.${name}`),
    );
    expect(named.toSorted()).toEqual(movable.toSorted());
  });
});
