import { type Command, InvalidArgumentError, Option } from 'commander';
import { PeerError } from 'peerweave';
import {
  CachePackageError,
  openCache,
  type CachedSegments,
  type Exported,
  type LocalCache,
} from 'peerweave/engine';
import { withContext, type Context, type GlobalOptions } from '../context.js';
import { namedFilePieces, readNamedFile, writeSecretFile } from '../files.js';
import { columns, formatAge, formatBytes } from '../output.js';

export const addCache = (program: Command): void => {
  const cache = program
    .command('cache')
    .description('look at the local cache, bound it, and carry it to other machines');

  cache
    .command('status')
    .description('show how much is kept, and the limits')
    .action((_options: unknown, command: Command) => inCache(command, showState));

  cache
    .command('list')
    .description('list what is kept')
    .action((_options: unknown, command: Command) =>
      inCache(command, async (local, { output }) => {
        for await (const found of local.list())
          for (const row of rowsOf(found)) output.result(row.data, row.text);
      }),
    );

  cache
    .command('verify')
    .description('read and hash everything that is kept, and drop what is damaged')
    .action((_options: unknown, command: Command) =>
      inCache(command, async (local, { output, signal }) => {
        const sum = { segments: 0, bytes: 0, damagedBlocks: 0 };
        for await (const { segments, bytes, damaged = 0 } of local.verify()) {
          signal.throwIfAborted();
          sum.segments += segments.length;
          sum.bytes += bytes;
          sum.damagedBlocks += damaged;
        }
        output.result(
          sum,
          `${sum.segments} segments, ${formatBytes(sum.bytes)}: ${sum.damagedBlocks} damaged blocks dropped`,
        );
      }),
    );

  cache
    .command('clear')
    .description('drop everything that is neither published nor in use')
    .action((_options: unknown, command: Command) =>
      inCache(command, async (local, { output }) => {
        const removed = await local.clear();
        output.result(removed, `${removed.segments} segments, ${formatBytes(removed.bytes)} dropped`);
      }),
    );

  cache
    .command('set')
    .description('set the limits, for all processes that use the same data')
    .addOption(
      new Option('--quota <size>', 'most bytes, or percent of the volume: 20G, 10%').argParser(quotaOf),
    )
    .addOption(
      new Option('--max-age <time>', 'how long to keep what is not fetched anew: 12h, 28d').argParser(ageOf),
    )
    .action((flags: LimitFlags, command: Command) =>
      inCache(command, async (local, context) => {
        const { quota, maxAge } = flags;
        await local.set({
          ...(await local.settings()),
          ...(quota === undefined ? {} : { quota }),
          ...(maxAge === undefined ? {} : { maxAgeMs: maxAge }),
        });
        await showState(local, context);
      }),
    );

  cache
    .command('export')
    .description('write what is kept into a package for other machines, as Export-BCCachePackage does')
    .argument('[cifile]', 'only what this content information describes')
    .requiredOption('-o, --output <file>', 'where to write it; it is as secret as the content')
    .option('--force', 'overwrite it if it exists', false)
    .action((cifile: string | undefined, flags: ExportFlags, command: Command) =>
      inCache(command, async (local, { output, signal }) => {
        const wanted = cifile === undefined ? undefined : await readNamedFile(cifile, signal);
        const exporting = local.exportPackage(wanted);
        const requireSome = (): void => {
          if (cifile !== undefined && isInVain(exporting.exported)) throw nothingHere(cifile);
        };
        const bytes = await writePackage(exporting, flags, { signal, check: requireSome });
        const { segments, blocks, missingSegments, missingBlocks } = exporting.exported;
        output.result(
          { output: flags.output, bytes, segments, blocks, missingSegments, missingBlocks },
          `${segments} segments, ${blocks} blocks, ${formatBytes(bytes)} in ${flags.output}`,
        );
        if (missingBlocks > 0) {
          const what = `${missingBlocks} blocks of ${missingSegments} segments are missing in ${flags.output}`;
          process.stderr.write(output.json ? '' : `peerweave: ${what}\n`);
        }
      }),
    );

  cache
    .command('import')
    .description('take in a package; every block is checked')
    .argument('<file>')
    .action((file: string, _options: unknown, command: Command) =>
      inCache(command, async (local, { output, signal }) => {
        const imported = await importFrom(local, file, signal);
        const { segments, bytes, bytesHere } = imported;
        const here = bytesHere === 0 ? '' : `, ${formatBytes(bytesHere)} were here`;
        output.result(imported, `${segments} segments, ${formatBytes(bytes)} stored${here}`);
      }),
    );
};

interface LimitFlags {
  readonly quota?: number | { readonly percent: number };
  readonly maxAge?: number;
}

interface ExportFlags {
  readonly output: string;
  readonly force: boolean;
}

const inCache = (
  command: Command,
  run: (local: LocalCache, context: Context) => Promise<void>,
): Promise<void> =>
  withContext(command, async (context) => {
    const { dataDir } = command.optsWithGlobals<GlobalOptions>();
    await using local = await openCache({ dataDir });
    await run(local, context);
  });

const showState = async (local: LocalCache, { output }: Context): Promise<void> => {
  const state = await local.state();
  const { segments, bytes, publishedSegments, publishedBytes, quotaBytes, maxAgeMs } = state;
  output.result(
    state,
    columns([
      ['cached', `${segments} segments, ${formatBytes(bytes)}`],
      ['published copies', `${publishedSegments} segments, ${formatBytes(publishedBytes)}`],
      ['quota', formatBytes(quotaBytes ?? 0)],
      ['maximum age', formatAge(maxAgeMs ?? 0)],
    ]),
  );
};

const rowsOf = ({ segments, isPublished, isOpen, usedMs, storedMs }: CachedSegments) =>
  segments.map(({ id, bytes }) => {
    const [used, stored] = [new Date(usedMs).toISOString(), new Date(storedMs).toISOString()];
    const state = isPublished ? 'published' : isOpen ? 'open' : 'cached';
    return {
      data: { segment: id, bytes, state, used, stored },
      text: `${id}  ${formatBytes(bytes)}  ${state}  used ${used}`,
    };
  });

const isInVain = ({ blocks, missingBlocks }: Exported): boolean => blocks === 0 && missingBlocks > 0;

const nothingHere = (file: string): PeerError =>
  new PeerError({
    tag: 'NotFound',
    code: 'PEERWEAVE_NOT_CACHED',
    operation: 'cache export',
    what: `nothing of what ${file} describes is kept here`,
    advice: 'Retrieve it first, or publish it with a copy; then export it.',
  });

/** @param check is called once everything is read, and throws if it is not to be kept. @returns the bytes written. */
const writePackage = async (
  source: AsyncIterable<Uint8Array>,
  { output, force }: ExportFlags,
  { signal, check }: { readonly signal: AbortSignal; readonly check: () => void },
): Promise<number> => {
  let bytes = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      bytes += piece.length;
      yield piece;
    }
    check();
  };
  await writeSecretFile(output, counted(), force, signal);
  return bytes;
};

const importFrom = async (
  local: LocalCache,
  file: string,
  signal: AbortSignal,
): ReturnType<LocalCache['importPackage']> => {
  try {
    return await local.importPackage(namedFilePieces(file, signal, Number.POSITIVE_INFINITY));
  } catch (thrown) {
    if (!(thrown instanceof CachePackageError)) throw thrown;
    throw new PeerError({
      tag: 'Protocol',
      code: `PEERWEAVE_${thrown.code}`,
      operation: 'cache import',
      what: `${file}: ${thrown.message}`,
      advice: 'Export it anew; what came before the damage was checked and is kept.',
      cause: thrown,
    });
  }
};

const SIZES = ['', 'k', 'm', 'g', 't'];

const quotaOf = (text: string): LimitFlags['quota'] => {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([kmgt%]?)$/i.exec(text) ?? [];
  const value = Number(digits);
  if (unit === '%' && value > 0 && value <= 100) return { percent: value };
  const bytes = Math.floor(value * 1024 ** SIZES.indexOf(unit.toLowerCase()));
  if (unit !== '%' && Number.isSafeInteger(bytes) && bytes >= 1024 ** 2) return bytes;
  throw new InvalidArgumentError('It must be 1M or more, or a percentage: 500M, 20G, 10%.');
};

const HOUR_MS = 3_600_000;
const TIMES: Readonly<Record<string, number>> = { m: 60_000, h: HOUR_MS, d: 24 * HOUR_MS };

const ageOf = (text: string): number => {
  const [, digits, unit = ''] = /^(\d+)([mhd])$/.exec(text) ?? [];
  const age = Number(digits) * (TIMES[unit] ?? NaN);
  if (Number.isSafeInteger(age) && age > 0) return age;
  throw new InvalidArgumentError('It must be minutes, hours or days: 90m, 12h, 28d.');
};
