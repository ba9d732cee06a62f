import { type Command, Option } from 'commander';
import { retrieve } from 'peerweave';
import { parseContentInformation } from 'peerweave/engine';
import { inSession, withContext } from '../context.js';
import { formatEndpoint, listenAddress, servingAddress } from '../endpoint.js';
import { readNamedFile } from '../files.js';
import { formatBytes, formatRate } from '../output.js';
import { createProgress } from '../progress.js';
import { sha256Of } from '../sha256.js';

interface RetrieveFlags {
  readonly peer?: readonly string[];
  readonly output: string;
  readonly timeout: string;
  readonly discover: boolean;
  readonly hostedCache?: { readonly host: string; readonly port: number };
  readonly listen?: { readonly host: string; readonly port?: number };
}

/** Progress documents a second with `--json`. */
const REPORT_EVERY_MS = 200;

export const addRetrieve = (program: Command): void => {
  program
    .command('retrieve')
    .description('retrieve content by its content information, from the cache and from peers')
    .argument('<ci-file>', 'the content information')
    .option('--peer <host:port...>', 'peers to ask')
    .option('--discover', 'look for peers among the neighbours, by multicast', false)
    .addOption(
      new Option('--hosted-cache <host:port>', 'a hosted cache to ask as well').argParser(listenAddress),
    )
    .addOption(
      new Option(
        '--listen <address[:port]>',
        'where the hosted cache can fetch what came from elsewhere; without it, it is told nothing',
      ).argParser(servingAddress),
    )
    .requiredOption('-o, --output <file>', 'where to write the content')
    .option('--timeout <ms>', 'how long to wait for each piece', '5000')
    .action(async (ciFile: string, flags: RetrieveFlags, command: Command) => {
      await withContext(
        command,
        (context) =>
          inSession(context, async (session) => {
            const information = await readNamedFile(ciFile, context.signal);
            const total = lengthOf(information);
            const started = Date.now();
            let reported = 0;
            using progress = createProgress('retrieving');
            const last = await context.last(
              retrieve(information, {
                session,
                peers: flags.peer,
                to: flags.output,
                timeoutMs: Number(flags.timeout),
              }),
              (event) => {
                progress.at(event.bytes, total, formatRate(event.bytes, (Date.now() - started) / 1000));
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
                ...Object.entries(last.fromPeers).map(
                  ([peer, bytes]) => `  from ${peer}: ${formatBytes(bytes)}`,
                ),
                `  from the cache: ${formatBytes(last.fromCache)}`,
                `sha256 ${sha256}`,
              ].join('\n'),
            );
          }),
        {
          listen: flags.listen ?? false,
          discovery: flags.discover && {},
          hostedCache: flags.hostedCache && { address: formatEndpoint(flags.hostedCache) },
        },
      );
    });
};

/** For the progress bar; content information that cannot be read is reported by the retrieval itself. */
const lengthOf = (information: Uint8Array): number | undefined => {
  try {
    return parseContentInformation(information).range.length;
  } catch {
    return undefined;
  }
};
