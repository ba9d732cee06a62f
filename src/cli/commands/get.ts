import { basename } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { type effects, PeerError } from 'peerweave';
import { type ContentPlace, get } from 'peerweave/http';
import { inSession, type Context, withContext } from '../context.js';
import { tellFault } from '../failure.js';
import { formatBytes, formatRate, printable } from '../output.js';
import { addPeerOptions, engineFor, type PeerFlags } from '../peer-options.js';
import { createProgress } from '../progress.js';
import { serviceFault } from '../service-fault.js';
import { sha256Of } from '../sha256.js';
import { sourcesIn, sourcesOf } from '../sources.js';

interface GetFlags extends PeerFlags {
  readonly output?: string;
  readonly places?: readonly ContentPlace[];
}

/** Milliseconds between documents with `--json`. */
const REPORT_EVERY_MS = 200;

export const addGet = (program: Command): void => {
  const command = program
    .command('get')
    .description('fetch a URL: from the cache and from peers, and from the origin what nobody else has')
    .argument('<url>', 'of http or https')
    .option('-o, --output <file>', 'where to write it; by default the last part of the URL, here')
    .addOption(
      new Option(
        '--places <list>',
        'where to look for each block, in this order, cache first, or origin alone; cache,peers,origin by default',
      ).argParser(placesOf),
    );
  addPeerOptions(command, 'where others can fetch from this process while it runs; without it, nobody can')
    .addHelpText(
      'after',
      '\nWhat is interrupted lies beside FILE as FILE.part, and is gone on with the next time.',
    )
    .action(async (url: string, flags: GetFlags, given: Command) => {
      const to = flags.output ?? nameIn(url);
      await withContext(
        given,
        (context) => inSession(context, (session) => fetchTo(to, url, flags, session, context)),
        engineFor(flags),
      );
    });
};

const fetchTo = async (
  to: string,
  url: string,
  { peer: peers, places }: GetFlags,
  session: effects.DistributionSession,
  context: Context,
): Promise<void> => {
  const { output } = context;
  // The file is to be had all the same. Who has switched the service off knows.
  const fault = await serviceFault(context, session, 'get', 'only the origin can be asked');
  if (fault?.status === 'unavailable') tellFault(fault.error, output.json);
  const started = Date.now();
  let reported = 0;
  let resumedAt = 0;
  using progress = createProgress('fetching');
  const done = await context.last(get(url, { session, peers, places, to }), (step) => {
    const { _tag, counts, total } = step;
    if (_tag === 'Restarted') {
      resumedAt = 0;
      process.stderr.write(output.json ? '' : `peerweave: begun again: ${printable(step.reason)}\n`);
    }
    if (_tag === 'Started') resumedAt = step.offset;
    const rate = formatRate(counts.bytes, (Date.now() - started) / 1000);
    progress.at(resumedAt + counts.bytes, total, `${rate}, ${sourcesIn(counts)}`);
    if (!output.json || _tag !== 'Received' || Date.now() - reported < REPORT_EVERY_MS) return;
    reported = Date.now();
    output.result({ _tag, resumedAt, total, ...counts }, '');
  });
  const { counts } = done;
  const explanation = done._tag === 'Completed' ? done.explanation : undefined;
  const seconds = (Date.now() - started) / 1000;
  const sha256 = await sha256Of(to);
  output.result(
    { _tag: 'Completed', to, resumedAt, ...counts, explanation, seconds, sha256 },
    [
      `fetched ${to}: ${formatBytes(counts.bytes)} in ${seconds.toFixed(2)} s, ` +
        formatRate(counts.bytes, seconds),
      ...(resumedAt > 0 ? [`  there already: ${formatBytes(resumedAt)}`] : []),
      ...sourcesOf(counts).map(([source, bytes]) => `  from ${source}: ${formatBytes(bytes)}`),
      `sha256 ${sha256}`,
    ].join('\n'),
  );
};

const PLACES: readonly ContentPlace[] = ['cache', 'peers', 'hosted-cache', 'origin'];

/** Which orders there are is for the fetching to say. */
const placesOf = (text: string): readonly ContentPlace[] =>
  text.split(',').map((word) => {
    const place = PLACES.find((known) => known === word);
    if (place !== undefined) return place;
    throw new InvalidArgumentError(`It must be some of ${PLACES.join(', ')}, with commas between them.`);
  });

/** The last part of a URL's path, as a name in this directory and nowhere else. */
const nameIn = (url: string): string => {
  // What is no URL that can be fetched is reported when it is.
  if (!/^https?:/i.test(url) || !URL.canParse(url)) return 'download';
  const name = basename(decoded(new URL(url).pathname));
  if (/^[^\0-\x1f\x7f/\\:]+$/.test(name) && !name.startsWith('.')) return name;
  throw new PeerError({
    tag: 'BadArgument',
    code: 'PEERWEAVE_NO_NAME',
    operation: 'get',
    what: 'the URL ends with no name for a file',
    advice: 'Give one with --output.',
  });
};

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};
