import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { NEVER } from 'rxjs';
import { PeerError } from 'peerweave';
import {
  defaultDataDirectory,
  startHostedCache,
  type HostedCache,
  type HostedCacheOptions,
} from 'peerweave/engine';
import { withContext, type GlobalOptions } from '../context.js';
import { formatEndpoint, listenAddress } from '../endpoint.js';
import { readNamedFile } from '../files.js';
import { formatBytes } from '../output.js';

interface Address {
  readonly host: string;
  readonly port: number;
}

interface HostedCacheFlags {
  readonly listen: Address;
  readonly quota: number;
  readonly tlsListen?: Address;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly events: boolean;
}

const GIB = 1024 ** 3;

export const addHostedCache = (program: Command): void => {
  program
    .command('hosted-cache')
    .description('keep what BranchCache clients fetch, and serve it to the others, until stopped')
    .addOption(
      new Option('--listen <host:port>', 'for blocks and offers of version 2; port 0 takes a free one')
        .argParser(listenAddress)
        .default({ host: '0.0.0.0', port: 80 }, '0.0.0.0:80'),
    )
    .addOption(
      new Option('--quota <bytes>', 'most bytes on disk').argParser(quotaOf).default(10 * GIB, '10G'),
    )
    .addOption(
      new Option('--tls-listen <host:port>', 'for offers of version 1; needs a certificate').argParser(
        listenAddress,
      ),
    )
    .option('--tls-cert <file>', 'certificate chain (PEM) for offers of version 1')
    .option('--tls-key <file>', 'its private key (PEM)')
    .option('--events', 'print every step', false)
    .addHelpText(
      'after',
      '\nIt fetches what clients offer from those clients and stores it encrypted, without knowing the keys.\n' +
        'Blocks lie in "hosted-cache" of the data directory.',
    )
    .action(async (flags: HostedCacheFlags, command: Command) => {
      if ((flags.tlsCert === undefined) !== (flags.tlsKey === undefined)) {
        command.error("error: options '--tls-cert' and '--tls-key' go together");
      }
      if (flags.tlsListen !== undefined && flags.tlsCert === undefined) {
        command.error("error: option '--tls-listen' needs '--tls-cert' and '--tls-key'");
      }
      const { dataDir } = command.optsWithGlobals<GlobalOptions>();
      const data = resolve(dataDir ?? defaultDataDirectory());
      await withContext(command, async (context) => {
        await using cache = await start(flags, {
          directory: join(data, 'hosted-cache'),
          journal: data,
          listen: flags.listen,
          quota: flags.quota,
          secure: await readSecure(flags, context.signal),
          onEvent: flags.events ? (event) => context.output.result(event, JSON.stringify(event)) : undefined,
        });
        const { segments, bytes } = cache.contents();
        const [endpoint, secureEndpoint] = [cache.endpoint, cache.secureEndpoint].map(
          (one) => one && formatEndpoint(one),
        );
        const secure = secureEndpoint === undefined ? '' : ` and, with TLS, ${secureEndpoint}`;
        context.output.result(
          { serving: true, endpoint, secureEndpoint, segments, bytes },
          `hosted cache on ${endpoint}${secure}: ${segments} segments, ${formatBytes(bytes)}; stop with Ctrl-C`,
        );
        await context.untilStopped(NEVER);
      });
    });
};

/** What is called of the system to listen somewhere; all else concerns the data directory. */
const LISTENING = ['listen', 'bind', 'getaddrinfo'];

const start = ({ tlsCert, tlsKey }: HostedCacheFlags, options: HostedCacheOptions): Promise<HostedCache> =>
  startHostedCache(options).catch((thrown: unknown) => {
    // The other options were checked as they were read.
    if (thrown instanceof TypeError) {
      throw new PeerError({
        tag: 'BadArgument',
        code: 'PEERWEAVE_UNUSABLE_FILE',
        operation: 'hosted-cache',
        what: `${tlsCert} and ${tlsKey}: ${thrown.message}`,
        advice: 'Give a certificate and the key that belongs to it, both in PEM.',
        cause: thrown,
      });
    }
    const syscall = thrown instanceof Error && 'syscall' in thrown ? String(thrown.syscall) : '';
    throw new PeerError({
      tag: 'Unavailable',
      code: 'PEERWEAVE_HOSTED_CACHE',
      operation: 'hosted-cache',
      what: thrown instanceof Error ? thrown.message : String(thrown),
      advice: LISTENING.includes(syscall)
        ? 'Choose another address by --listen or --tls-listen, as ports below 1024 may need privileges.'
        : 'Choose another --data-dir.',
      cause: thrown,
    });
  });

const readSecure = async (
  { tlsListen, tlsCert, tlsKey }: HostedCacheFlags,
  signal: AbortSignal,
): Promise<HostedCacheOptions['secure']> => {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  const cert = await readNamedFile(tlsCert, signal);
  const key = await readNamedFile(tlsKey, signal);
  return { listen: tlsListen, cert, key };
};

const UNITS = ['', 'k', 'm', 'g', 't'];
const LEAST = 1024 ** 2;

const quotaOf = (text: string): number => {
  const [, digits, unit = ''] = /^(\d+)([kmgt]?)$/i.exec(text) ?? [];
  const bytes = Number(digits) * 1024 ** UNITS.indexOf(unit.toLowerCase());
  if (Number.isSafeInteger(bytes) && bytes >= LEAST) return bytes;
  throw new InvalidArgumentError('It must be a number of bytes from 1M on, such as 500M or 20G.');
};
