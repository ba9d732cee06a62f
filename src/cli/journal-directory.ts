import type { Command } from 'commander';
import { PeerError } from 'peerweave';
import { defaultDataDirectory } from 'peerweave/engine';
import type { Context, GlobalOptions } from './context.js';

/** Where processes keep what they did; `undefined` where the service of Windows does the work, which tells nothing. */
export const journalDirectory = (command: Command, { opened }: Context): string | undefined =>
  opened.distribution.uses === 'windows'
    ? undefined
    : (command.optsWithGlobals<GlobalOptions>().dataDir ?? defaultDataDirectory());

/** The same for a command that is about nothing else. @throws PeerError Unsupported */
export const requireJournalDirectory = (command: Command, context: Context): string => {
  const directory = journalDirectory(command, context);
  if (directory !== undefined) return directory;
  throw new PeerError({
    tag: 'Unsupported',
    code: 'PEERWEAVE_NO_JOURNAL',
    operation: command.name(),
    what: 'the BranchCache service does not tell where its bytes come from',
    advice: 'See its performance counters, or use --driver engine.',
  });
};
