import { type Command, InvalidArgumentError, Option } from 'commander';
import { retrieve } from 'peerweave';
import { inSession, withContext } from '../context.js';
import { openInformationFile } from '../information-file.js';
import { formatBytes, formatRate } from '../output.js';
import { addPeerOptions, engineFor, type PeerFlags } from '../peer-options.js';
import { createProgress } from '../progress.js';
import { sha256Of } from '../sha256.js';
import { sourcesIn, sourcesOf } from '../sources.js';

interface RetrieveFlags extends PeerFlags {
  readonly output: string;
  readonly timeout: number;
  readonly copy: boolean;
}

/** Progress documents a second with `--json`. */
const REPORT_EVERY_MS = 200;

export const addRetrieve = (program: Command): void => {
  const command = program
    .command('retrieve')
    .description('retrieve content by its content information, from the cache and from peers')
    .argument('<ci-file>', 'the content information');
  addPeerOptions(
    command,
    'where the hosted cache can fetch what came from elsewhere; without it, it is told nothing',
  )
    .requiredOption('-o, --output <file>', 'where to write the content')
    .addOption(
      new Option('--timeout <ms>', 'how long to wait for each piece')
        .argParser(millisecondsOf)
        .default(5_000),
    )
    .option('--copy', 'keep a copy in the cache, to serve others also when the file changes', false)
    .action(async (ciFile: string, flags: RetrieveFlags, given: Command) => {
      await withContext(
        given,
        (context) =>
          inSession(context, async (session) => {
            await using information = await openInformationFile(ciFile, context.signal);
            const started = Date.now();
            let reported = 0;
            using progress = createProgress('retrieving');
            const last = await context.last(
              retrieve(information.source, {
                session,
                peers: flags.peer,
                to: flags.output,
                timeoutMs: flags.timeout,
                keepCopy: flags.copy,
              }),
              (event) => {
                const total = event.total ?? information.total;
                const rate = formatRate(event.bytes, (Date.now() - started) / 1000);
                progress.at(event.bytes, total, `${rate}, ${sourcesIn(event)}`);
                if (!context.output.json || event._tag !== 'Retrieving') return;
                if (Date.now() - reported < REPORT_EVERY_MS) return;
                reported = Date.now();
                context.output.result({ ...event, total }, '');
              },
            );
            const seconds = (Date.now() - started) / 1000;
            const sha256 = await sha256Of(flags.output);
            context.output.result(
              { ...last, seconds, sha256 },
              [
                `retrieved ${flags.output}: ${formatBytes(last.bytes)} in ${seconds.toFixed(2)} s, ` +
                  formatRate(last.bytes, seconds),
                ...sourcesOf(last).map(([source, bytes]) => `  from ${source}: ${formatBytes(bytes)}`),
                `sha256 ${sha256}`,
              ].join('\n'),
            );
          }),
        engineFor(flags),
      );
    });
};

const MOST_MS = 2 ** 31 - 1;

const millisecondsOf = (text: string): number => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= MOST_MS) return value;
  throw new InvalidArgumentError(`It must be a whole number of milliseconds up to ${MOST_MS}.`);
};
