import type { effects } from 'peerweave';
import { formatBytes } from './output.js';

type Explanation = effects.ContentExplanation;
type Segment = Explanation['segments'][number];
type Reason = effects.SegmentReason;

const FROM: Readonly<Record<effects.BlockSourceKind, string>> = {
  cache: 'the cache',
  peer: 'peers',
  'hosted-cache': 'hosted caches',
  origin: 'the origin',
};

/** How many bytes came from where, a line for each source that gave any. */
export const describeBytes = ({ bytes, bytesByPeer }: Explanation): readonly string[] => {
  const peers = Object.entries(bytesByPeer).map(([peer, count]) => `  ${peer}: ${formatBytes(count)}`);
  const sources = (['cache', 'origin', 'hosted-cache', 'peer'] as const)
    .filter((source) => bytes[source] > 0)
    .map((source) => `from ${FROM[source]}: ${formatBytes(bytes[source])}`);
  return sources.length === 0 ? ['nothing was read'] : [...sources, ...peers];
};

/** Where segments came from, and below it why not from elsewhere; those with the same explanation together. */
export const describeSegments = ({ reasons, segments }: Explanation): readonly string[] => {
  const alike = new Map<string, [Segment, ...Segment[]]>();
  for (const run of segments) {
    const said = JSON.stringify([run.sources, run.reasons]);
    const before = alike.get(said);
    if (before === undefined) alike.set(said, [run]);
    else before.push(run);
  }
  return [
    ...reasons.map(describeReason),
    ...[...alike.values()].flatMap((runs) => {
      const [{ sources, reasons: why }] = runs;
      const from = sources.length === 0 ? 'nothing' : sources.map(describeSource).join(', ');
      return [`${numbers(runs)}: ${from}`, ...why.map((reason) => `  ${describeReason(reason)}`)];
    }),
  ];
};

/** Runs that are named one by one. */
const MOST_NAMED = 8;

const numbers = (runs: readonly Segment[]): string => {
  const named = runs
    .slice(0, MOST_NAMED)
    .map(({ from, to }) => (to - from === 1 ? String(from) : `${from} to ${to - 1}`));
  const more = runs.slice(MOST_NAMED).reduce((sum, { from, to }) => sum + to - from, 0);
  const isOne = runs.length === 1 && named[0] === String(runs[0]?.from);
  return `segment${isOne ? '' : 's'} ${named.join(', ')}${more === 0 ? '' : ` and ${more} more`}`;
};

const describeSource = ({ source, peer }: Segment['sources'][number]): string =>
  `from ${peer ?? FROM[source]}`;

const PEER_REASONS: Readonly<Record<effects.PeerReason, string>> = {
  unreachable: 'could not be reached, or broke off',
  'no-answer-in-time': 'did not answer in time',
  'version-mismatch': 'speaks another version of the protocol',
  'lacks-block': 'does not have all of it',
  busy: 'was busy',
  'malformed-answer': 'answered something unusable',
  'wrong-bytes': 'sent wrong bytes',
  'struck-out': 'was not asked, as it failed too often lately',
  other: 'could not be asked',
};

const LEFT_CACHE: Readonly<Record<effects.EvictionReason | 'unknown', string>> = {
  quota: 'it was in the cache, and had to make room for what was used later',
  age: 'it was in the cache, and became too old',
  cleared: 'it was in the cache, which was cleared',
  damaged: 'what was in the cache was damaged',
  unknown: 'what was in the cache was damaged or is gone',
};

const describeReason = (reason: Reason): string => {
  switch (reason._tag) {
    case 'PeerFailed':
      return `${reason.peer} ${PEER_REASONS[reason.reason]}`;
    case 'NoPeerKnown':
      return 'nobody was known to ask';
    case 'NoPeerAnswered':
      return `no peer answered in ${reason.waitedMs} ms`;
    case 'ReadTimedOut':
      return `no peer delivered in ${reason.waitedMs} ms`;
    case 'WaitedInVain':
      return `${reason.peer} said that it fetches it, and was waited for in vain`;
    case 'CacheOnly':
      return 'only the cache was to be asked';
    case 'SecretDiffers':
      return 'peers know these bytes under another server secret';
    case 'LeftCache':
      return LEFT_CACHE[reason.cause ?? 'unknown'];
    case 'NoContentInformation':
      return `no content information: ${reason.detail}`;
    case 'BelowSizeLimit':
      return `too small to ask peers: ${reason.bytes} bytes, the limit is ${reason.limit}`;
    case 'DisabledByPolicy':
      return `peers were not to be asked: ${reason.detail}`;
  }
};
