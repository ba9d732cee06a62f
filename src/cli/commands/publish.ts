import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { distributionStatus, publish, type effects } from 'peerweave';
import type { Segmentation } from 'peerweave/engine';
import { type Context, inSession, withContext } from '../context.js';
import { formatEndpoint, servingAddress } from '../endpoint.js';
import { formatBytes } from '../output.js';
import { createProgress } from '../progress.js';
import { writeSecretFile } from '../files.js';

const PIECE_BYTES = 64 * 1024;

interface PublishFlags {
  readonly listen: { readonly host: string; readonly port?: number };
  readonly ciOut?: string;
  readonly ciVersion: '1' | '2';
  readonly segmentation?: Segmentation;
  readonly force: boolean;
  readonly copy: boolean;
}

export const addPublish = (program: Command): void => {
  program
    .command('publish')
    .description('publish files and serve them to peers until stopped')
    .argument('<file...>', 'files to publish')
    .addOption(
      new Option('--listen <address[:port]>', 'where peers can reach this machine; port 0 takes a free one')
        .argParser(servingAddress)
        .default({ host: '127.0.0.1', port: 0 }, 'a free port of 127.0.0.1'),
    )
    .option(
      '--ci-out <file>',
      'where to write the content information; <file>.ci in this directory by default',
    )
    .addOption(
      new Option(
        '--ci-version <number>',
        '2: who has a former version of the file fetches only what has changed',
      )
        .choices(['1', '2'])
        .default('1'),
    )
    .addOption(
      new Option(
        '--segmentation <name>',
        'with version 2: cut where the content says so (fastcdc, the default) or every 128 KiB',
      ).choices(['fastcdc', 'fixed']),
    )
    .option('--copy', 'keep a copy, to go on serving when a file changes or goes away', false)
    .option('--force', 'overwrite content information files that exist', false)
    .addHelpText(
      'after',
      '\nWhoever holds a content information file can fetch and decrypt the content: hand it only to those who may.\n' +
        'By default only this machine can connect. Use --listen 0.0.0.0 to serve the network, at port 80\n' +
        'or, where that cannot be had, at a free one; or --listen 0.0.0.0:PORT.',
    )
    .action(async (files: readonly string[], flags: PublishFlags, command: Command) => {
      if (flags.ciOut !== undefined && files.length > 1) {
        command.error("error: option '--ci-out' goes with one file only");
      }
      if (flags.segmentation !== undefined && flags.ciVersion === '1') {
        command.error("error: option '--segmentation' goes with '--ci-version 2'");
      }
      await withContext(
        command,
        (context) =>
          inSession(context, async (session) => {
            for (const file of files) await publishOne(context, session, file, flags);
            await serveUntilStopped(context, session);
          }),
        { listen: flags.listen },
      );
    });
};

/** Tells whenever that ends or begins anew: others may switch the service off and on, or take its directory away. */
const serveUntilStopped = async (context: Context, session: effects.DistributionSession): Promise<void> => {
  const { opened, output } = context;
  const tellServing = (): void => {
    const endpoint = opened.engine?.endpoint();
    const address = endpoint === undefined ? 'the BranchCache service' : formatEndpoint(endpoint);
    output.result(
      { serving: true, ...(endpoint === undefined ? {} : { endpoint: address }) },
      `serving on ${address}; stop with Ctrl-C`,
    );
  };
  let isServing = true;
  tellServing();
  await context.untilStopped(distributionStatus(session), (event) => {
    if (event._tag !== 'Status' || isServing === (event.status === 'available')) return;
    isServing = event.status === 'available';
    if (isServing) tellServing();
    else {
      const { status, reason } = event;
      const why = reason === undefined ? '' : ` (${reason})`;
      output.result(
        { serving: false, status, reason },
        `not serving: the service is ${status}${why}; goes on when it is back`,
      );
    }
  });
};

const publishOne = async (
  context: Context,
  session: effects.DistributionSession,
  file: string,
  { ciVersion, segmentation, copy, ciOut = `${basename(file)}.ci`, force }: PublishFlags,
): Promise<void> => {
  using progress = createProgress(basename(file));
  const last = await context.last(
    publish(file, {
      session,
      version: ciVersion === '1' ? 1 : 2,
      segmentation,
      keepCopy: copy,
      contentInformation: false,
    }),
    (event) => progress.at(event.bytes, event._tag === 'Publishing' ? event.total : event.bytes, 'hashing'),
  );
  if (last._tag !== 'Published') return;
  await writeSecretFile(ciOut, informationOf(context, session, last.contentId), force);
  context.output.result(
    { file, bytes: last.bytes, contentInformation: ciOut },
    `published ${file} (${formatBytes(last.bytes)}); content information in ${ciOut}`,
  );
};

/** In pieces: all of it would be megabytes, and once more while it is put together. */
async function* informationOf(
  { peers, signal }: Context,
  session: effects.DistributionSession,
  contentId: effects.ContentIdInput,
): AsyncGenerator<Uint8Array, void> {
  await using reader = await peers.promise(
    peers.effects.openContentInformation(session, { contentId }, { signal }),
  );
  for (;;) {
    const piece = await peers.promise(peers.effects.readContentInformation(reader, PIECE_BYTES, { signal }));
    if (piece.length === 0) return;
    yield piece;
  }
}
