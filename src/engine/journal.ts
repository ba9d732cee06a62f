import type { ContentExplanation, SegmentReason } from '../driver/index.js';
import { defaultDataDirectory } from './data-dir.js';
import { contentKeys, keyOfName } from './distribution/insight/names.js';
import { insightDirectory, isRunning, readProcessRecords } from './distribution/insight/process-files.js';
import type { ProcessRecord, RetrievalRecord } from './distribution/insight/process-record.js';
import { bytesInMemory, readContentInformation } from './distribution/wire/index.js';

/** What one process did with a data directory. */
export interface JournalEntry extends ProcessRecord {
  /** Whether it still runs; then it is a second old at most. */
  readonly running: boolean;
}

/**
 * What every process that uses a data directory did with it: counters, peers, retrievals. The processes that began last
 * stand last; of those that are no more the last 256 are kept.
 *
 * Use it to look at other processes; a program has its own by `getDistributionCounters` and `explainContent`. It
 * never rejects: what cannot be read is left out.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { addCounters } from 'peerweave/effects';
 * import { createEngineDriver, readJournal } from 'peerweave/engine';
 *
 * const peers = createPeerweave({ driver: createEngineDriver({ dataDir: './journal' }) });
 * const session = await peers.promise(peers.effects.openSession());
 * const stream = await peers.promise(peers.effects.openPublication(session, { contentId: 'greeting' }));
 * await peers.promise(peers.effects.addToPublication(stream, Buffer.from('hello')));
 * await peers.promise(peers.effects.completePublication(stream));
 * await session.close(); // what is not on disk yet is written now
 * const entries = await readJournal('./journal');
 * console.log(addCounters(entries.map(({ counters }) => counters)).segmentsPublished); // 1
 * ```
 */
export const readJournal = async (
  dataDir: string = defaultDataDirectory(),
): Promise<readonly JournalEntry[]> =>
  (await readProcessRecords(insightDirectory(dataDir))).map((record) => ({
    ...record,
    running: isRunning(record),
  }));

/** How a person says which retrieval is meant. */
export type RetrievalQuery =
  /** A URL, or the path of the file that it was written to. */
  { readonly name: string } | { readonly contentInformation: Uint8Array };

/** A retrieval that a query may have meant. */
export interface FoundRetrieval {
  readonly retrieval: RetrievalRecord;
  /** `other-secret`: the same bytes, but known under another server secret, so that its peers were others. */
  readonly match: 'name' | 'content' | 'other-secret';
}

/**
 * Finds retrievals in a journal, the one that began last first. See {@link readJournal}.
 *
 * @throws ContentInformationError for content information that is none.
 */
export const findRetrievals = (
  entries: readonly JournalEntry[],
  query: RetrievalQuery,
): readonly FoundRetrieval[] => {
  const match = matcherOf(query);
  const all = entries.flatMap(({ retrievals }) => retrievals);
  return all
    .map((retrieval) => ({ retrieval: withSecret(retrieval, all), match: match(retrieval) }))
    .filter((found): found is FoundRetrieval => found.match !== undefined)
    .sort((one, other) => other.retrieval.startedAt - one.retrieval.startedAt);
};

/** What had to come from the origin, or did not come at all, was known under another secret if it was retrieved before. */
const withSecret = (retrieval: RetrievalRecord, all: readonly RetrievalRecord[]): RetrievalRecord => {
  const { contentKey, dataKey, startedAt, explanation } = retrieval;
  const differs =
    dataKey !== undefined &&
    (explanation.bytes.origin > 0 || isEmpty(explanation)) &&
    all.some(
      (other) => other.dataKey === dataKey && other.contentKey !== contentKey && other.startedAt <= startedAt,
    );
  if (!differs) return retrieval;
  const reasons: readonly SegmentReason[] = [...explanation.reasons, { _tag: 'SecretDiffers' }];
  return { ...retrieval, explanation: { ...explanation, reasons } };
};

const isEmpty = ({ bytes }: ContentExplanation): boolean =>
  Object.values(bytes).every((count) => count === 0);

const matcherOf = (
  query: RetrievalQuery,
): ((retrieval: RetrievalRecord) => FoundRetrieval['match'] | undefined) => {
  if ('name' in query) {
    const key = keyOfName(query.name);
    return ({ nameKey, fileKey }) => (nameKey === key || fileKey === key ? 'name' : undefined);
  }
  const { segments } = readContentInformation(bytesInMemory(query.contentInformation));
  const keys = contentKeys(segments);
  return ({ contentKey, dataKey }) => {
    if (contentKey === keys.contentKey) return 'content';
    return dataKey === keys.dataKey ? 'other-secret' : undefined;
  };
};
