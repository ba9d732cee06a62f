import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { distributionEvents, PeerError } from 'peerweave';
import {
  type ContentDirectory,
  createContentDirectory,
  createContentServer,
  serveDirectory,
} from 'peerweave/http';
import { type Context, type GlobalOptions, inSession, withContext } from '../context.js';
import { formatEndpoint, listenAddress, servingAddress } from '../endpoint.js';
import { tellFault } from '../failure.js';
import { withFile } from '../files.js';
import { formatBytes, printable } from '../output.js';
import { serviceFault } from '../service-fault.js';

interface ServeFlags {
  readonly listen: { readonly host: string; readonly port: number };
  readonly peerListen: { readonly host: string; readonly port?: number };
  readonly prepare: boolean;
  readonly index: boolean;
  readonly hidden: boolean;
  readonly minSize: number;
}

/** A client that neither sends nor takes anything for so long is let go. */
const IDLE_MS = 60_000;

/** Each holds a file open. */
const MOST_CONNECTIONS = 500;

const address = (flags: string, what: string, parse: typeof servingAddress = listenAddress): Option =>
  new Option(flags, what)
    .argParser(parse)
    .default({ host: '127.0.0.1', port: 0 }, 'a free port of 127.0.0.1');

export const addServe = (program: Command): void => {
  program
    .command('serve')
    .description('serve the files of a directory over HTTP, to BranchCache clients as content information')
    .argument('<directory>', 'what to serve')
    .addOption(address('--listen <host:port>', 'where clients can reach this machine'))
    .addOption(
      address(
        '--peer-listen <address[:port]>',
        'where they can fetch blocks from it, as from any peer',
        servingAddress,
      ),
    )
    .option('--prepare', 'hash every file at the start, not when it is first asked for', false)
    .option('--index', 'answer for a folder with a list of what lies in it', false)
    .option('--hidden', 'serve names that start with a dot as well', false)
    .addOption(
      new Option('--min-size <bytes>', 'from which size on peers are worth the detour')
        .argParser(wholeNumber)
        .default(65_536),
    )
    .addHelpText(
      'after',
      '\nEverybody who can connect can read: by default that is this machine only.\n' +
        'Links out of the directory, and names that start with a dot, are not served.',
    )
    .action(async (root: string, flags: ServeFlags, command: Command) => {
      const isNamed =
        command.getOptionValueSource('peerListen') === 'cli' ||
        command.optsWithGlobals<GlobalOptions>().dataDir !== undefined;
      await withContext(command, (context) => serve(context, root, flags, isNamed), {
        listen: flags.peerListen,
      });
    });
};

/** @param isNamed whether the person has named what the service is to use. */
const serve = (context: Context, root: string, flags: ServeFlags, isNamed: boolean): Promise<void> =>
  inSession(context, async (session) => {
    await withFile(root, 'serve', async () => {
      if (!(await stat(root)).isDirectory())
        throw Object.assign(new Error('is no directory'), { code: 'ENOTDIR' });
    });
    const { output, opened } = context;
    const fault = await serviceFault(context, session, 'serve', 'clients get no content information');
    // What was asked for and cannot be had is an error, as with --listen. By default files are worth serving plainly.
    if (fault?.status === 'unavailable' && isNamed) throw fault.error;
    if (fault !== undefined) tellFault(fault.error, output.json);
    await using content = createContentServer({
      session,
      minimumSize: flags.minSize,
      onFault: (fault) => tellFault(fault, output.json),
    });
    const files = createContentDirectory(content, root, flags);
    const server = createServer(serveDirectory(files));
    server.timeout = IDLE_MS;
    server.maxConnections = MOST_CONNECTIONS;
    const url = await listening(server, flags.listen);
    try {
      const endpoint = opened.engine?.endpoint();
      output.result(
        { serving: root, url, ...(endpoint === undefined ? {} : { peers: formatEndpoint(endpoint) }) },
        `serving ${root} on ${url}; stop with Ctrl-C`,
      );
      const preparing = flags.prepare ? prepare(context, files) : Promise.resolve();
      preparing.catch((error: unknown) => process.stderr.write(`peerweave: ${String(error)}\n`));
      await context.untilStopped(distributionEvents(session), (event) => {
        if (event._tag !== 'HttpResponseSent') return;
        const { status, kind, contentBytes, bodyBytes, peer } = event;
        const path = printable(event.url);
        output.result(
          { status, kind, path, contentBytes, bodyBytes, peer },
          `${status} ${path} ${formatBytes(contentBytes)}${kind === 'plain' ? '' : `, ${kind}, ${formatBytes(bodyBytes)}`}`,
        );
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

/** Hashes all files, while requests are already answered. */
const prepare = async ({ output, signal }: Context, files: ContentDirectory): Promise<void> => {
  let prepared = 0;
  for await (const { path, fault } of files.prepare()) {
    if (signal.aborted) return;
    if (fault === undefined) prepared += 1;
    else tellFault(fault, output.json, path);
  }
  output.result({ prepared }, `${prepared} files prepared`);
};

const listening = async (server: Server, { host, port }: ServeFlags['listen']): Promise<string> => {
  try {
    await once(server.listen(port, host), 'listening');
  } catch (cause) {
    throw new PeerError({
      tag: 'Unavailable',
      code: cause instanceof Error && 'code' in cause ? String(cause.code) : 'UNKNOWN',
      operation: 'serve',
      what: cause instanceof Error ? cause.message : String(cause),
      advice: 'Choose another address with --listen.',
      cause,
    });
  }
  const bound = server.address() as AddressInfo;
  return `http://${formatEndpoint({ host: bound.address, port: bound.port })}/`;
};

const wholeNumber = (text: string): number => {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number of bytes.');
};
