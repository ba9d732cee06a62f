import type { Command } from 'commander';
import { effects } from 'peerweave';
import { readJournal } from 'peerweave/engine';
import { withContext } from '../context.js';
import { requireJournalDirectory } from '../journal-directory.js';
import { formatBytes } from '../output.js';

type Peer = effects.PeerCounters;
type Client = effects.ClientCounters;

export const addPeers = (program: Command): void => {
  program
    .command('peers')
    .description(
      'list the machines that blocks came from or went to, by all processes that use the same data',
    )
    .action(async (_options: unknown, command: Command) => {
      await withContext(command, async (context) => {
        const entries = await readJournal(requireJournalDirectory(command, context));
        const { peers, clients } = effects.addCounters(entries.map(({ counters }) => counters));
        const now = Date.now();
        context.output.result(
          { peers: byAddress(peers), clients: byAddress(clients) },
          [
            ...byAddress(peers).map((peer) => describePeer(peer, now)),
            ...byAddress(clients).map((client) => describeClient(client, now)),
          ].join('\n') || 'none so far',
        );
      });
    });
};

/** Those heard of last come first. */
const byAddress = <Counters extends Peer | Client>(
  machines: Readonly<Record<string, Counters>>,
): readonly (Counters & { readonly address: string })[] =>
  Object.entries(machines)
    .map(([address, counters]) => ({ address, ...counters }))
    .sort((one, other) => other.seenAt - one.seenAt);

const describePeer = (peer: Peer & { readonly address: string }, now: number): string =>
  [
    `${peer.address}  received ${formatBytes(peer.bytesReceived)}`,
    ...(peer.blocksRejected > 0 ? [`${peer.blocksRejected} blocks rejected`] : []),
    ...(peer.failures > 0 ? [`${peer.failures} failures`] : []),
    ...((peer.struckOutUntil ?? 0) > now ? ['struck out'] : []),
    ago(now - peer.seenAt),
  ].join(', ');

const describeClient = (client: Client & { readonly address: string }, now: number): string =>
  [
    `${client.address}  sent ${formatBytes(client.bytesServed)}`,
    ...(client.requestsRefused > 0 ? [`${client.requestsRefused} requests refused`] : []),
    ago(now - client.seenAt),
  ].join(', ');

const SECOND_MS = 1_000;
const UNITS = [
  ['d', 86_400 * SECOND_MS],
  ['h', 3_600 * SECOND_MS],
  ['min', 60 * SECOND_MS],
] as const;

const ago = (ms: number): string => {
  const [unit, size] = UNITS.find(([, length]) => ms >= length) ?? ['s', SECOND_MS];
  return `${Math.max(0, Math.floor(ms / size))} ${unit} ago`;
};
