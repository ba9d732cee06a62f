import type { Command } from 'commander';
import { PeerError } from 'peerweave';
import {
  findRetrievals,
  type FoundRetrieval,
  type JournalEntry,
  parseContentInformation,
  readJournal,
} from 'peerweave/engine';
import { type Context, withContext } from '../context.js';
import { requireJournalDirectory } from '../journal-directory.js';
import { describeBytes, describeSegments } from '../explanation.js';
import { readNamedFile } from '../files.js';

export const addWhy = (program: Command): void => {
  program
    .command('why')
    .description('explain where retrieved content came from, segment by segment, and why not from elsewhere')
    .argument('<content>', 'a URL, a file that was retrieved, or a content information file')
    .option('--all', 'every retrieval of it that is on record, not the last one only', false)
    .action(async (content: string, { all }: { readonly all: boolean }, command: Command) => {
      await withContext(command, async (context) => {
        const entries = await readJournal(requireJournalDirectory(command, context));
        const found = await find(entries, content, context.signal);
        if (found.length === 0) throw nothingKnown(content);
        for (const one of all ? found : found.slice(0, 1)) show(context, one);
      });
    });
};

const find = async (
  entries: readonly JournalEntry[],
  content: string,
  signal: AbortSignal,
): Promise<readonly FoundRetrieval[]> => {
  const contentInformation = await contentInformationIn(content, signal);
  return contentInformation === undefined
    ? findRetrievals(entries, { name: content })
    : findRetrievals(entries, { contentInformation });
};

const show = ({ output }: Context, { retrieval, match }: FoundRetrieval): void => {
  const { startedAt, endedAt, name, file, segments, explanation } = retrieval;
  const when = new Date(startedAt).toISOString();
  output.result(
    { match, name, file, startedAt, endedAt, segmentCount: segments, ...explanation },
    [
      `${name ?? 'content without a name'}, ${when}${endedAt === undefined ? ', not finished' : ''}`,
      ...(file === undefined || file === name ? [] : [`  in ${file}`]),
      ...(match === 'other-secret'
        ? ['  the same bytes, under another server secret: other peers have them']
        : []),
      ...[...describeBytes(explanation), ...describeSegments(explanation)].map((line) => `  ${line}`),
    ].join('\n'),
  );
};

/** What the file has to say, if it is one of content information. */
const contentInformationIn = async (path: string, signal: AbortSignal): Promise<Uint8Array | undefined> => {
  try {
    const bytes = await readNamedFile(path, signal);
    parseContentInformation(bytes);
    return bytes;
  } catch {
    // Not there any more, or something else: then it is meant by its name.
    return undefined;
  }
};

const nothingKnown = (content: string): PeerError =>
  new PeerError({
    tag: 'NotFound',
    code: 'PEERWEAVE_NOT_ON_RECORD',
    operation: 'why',
    what: `no retrieval of ${content} is on record in this data directory`,
    advice: 'Name it by the URL, the output file or the content information of the retrieval.',
  });
