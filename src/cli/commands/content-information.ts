import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { isPeerError, PeerError } from 'peerweave';
import {
  makeContentInformation,
  type MakeContentInformationOptions,
  type Segmentation,
} from 'peerweave/engine';
import { describedContent } from '../described-content.js';
import { createOutput, columns, formatBytes } from '../output.js';
import { readNamedFile, withFile, writeSecretFile } from '../files.js';
import type { GlobalOptions } from '../context.js';

interface MakeFlags {
  readonly secretHex?: Buffer;
  readonly ciVersion: '1' | '2';
  readonly hash?: 'sha256' | 'sha384' | 'sha512';
  readonly segmentation?: Segmentation;
  readonly range?: { readonly start: number; readonly length: number };
  readonly output: string;
  readonly force: boolean;
}

export const addContentInformation = (program: Command): void => {
  const ci = program.command('ci').description('make and show content information, without any service');

  ci.command('make')
    .description('make the content information of a file')
    .argument('<file>', 'the content')
    .option('--secret-hex <hex>', 'the server secret; a random one by default', hexBytes)
    .addOption(
      new Option('--ci-version <number>', '2: a new version of the content shares what did not change')
        .choices(['1', '2'])
        .default('1'),
    )
    .addOption(
      new Option(
        '--hash <name>',
        'with version 1, sha256 by default; Windows clients retrieve no other',
      ).choices(['sha256', 'sha384', 'sha512']),
    )
    .addOption(
      new Option(
        '--segmentation <name>',
        'with version 2: cut where the content says so (fastcdc, the default) or every 128 KiB',
      ).choices(['fastcdc', 'fixed']),
    )
    .option('--range <start-end>', 'first and last byte to describe', byteRange)
    .requiredOption('-o, --output <file>', 'where to write it')
    .option('--force', 'overwrite it if it exists', false)
    .action(async (file: string, flags: MakeFlags, command: Command) => {
      const options = makeOptions(flags, command);
      const information = await describable(file, () =>
        withFile(file, 'ci make', () =>
          makeContentInformation(createReadStream(file, { highWaterMark: 1024 * 1024 }), options),
        ),
      );
      await writeSecretFile(flags.output, information, flags.force);
      output(command).result(
        { output: flags.output, bytes: information.length },
        `${flags.output}: ${information.length} bytes`,
      );
    });

  ci.command('show')
    .description('show what content information says')
    .argument('<ci-file>')
    .option('--secrets', 'show the segment secrets too; they open the content', false)
    .action(async (ciFile: string, { secrets }: { readonly secrets: boolean }, command: Command) => {
      const information = describedContent(ciFile, await readNamedFile(ciFile), 'ci show');
      const { hash, range, segments } = information;
      const version = hash === 'truncated-sha512' ? '2.0' : '1.0';
      output(command).result(
        {
          version,
          hash,
          range,
          segments: segments.map(({ info, offsetInContent }) => ({
            offset: offsetInContent,
            length: info.length,
            blocks: info.blockHashes.length,
            id: info.id,
            hashOfData: info.hashOfData,
            ...(secrets ? { secret: info.secret } : {}),
          })),
        },
        [
          columns([
            ['version', version],
            ['hash', hash],
            ['range', `${range.length} bytes from ${range.start} (${formatBytes(range.length)})`],
            ['segments', String(segments.length)],
          ]),
          ...segments.map(({ info, offsetInContent }) =>
            [
              `  at ${offsetInContent}: ${info.length} bytes, ${info.blockHashes.length} block hashes`,
              `    id     ${hex(info.id)}`,
              ...(secrets ? [`    secret ${hex(info.secret)}`] : []),
            ].join('\n'),
          ),
        ].join('\n'),
      );
    });
};

const makeOptions = (flags: MakeFlags, command: Command): MakeContentInformationOptions => {
  const { hash, segmentation, range } = flags;
  const secret = flags.secretHex ?? randomBytes(32);
  if (flags.ciVersion === '1') {
    if (segmentation !== undefined)
      command.error("error: option '--segmentation' goes with '--ci-version 2'");
    return { secret, range, hash };
  }
  if (hash !== undefined) command.error("error: option '--hash' goes with '--ci-version 1'");
  return { secret, range, version: 2, segmentation };
};

const output = (command: Command) => createOutput(command.optsWithGlobals<GlobalOptions>().json ?? false);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Empty content and a range outside of it are the caller's mistake. */
const describable = async <A>(file: string, make: () => Promise<A>): Promise<A> => {
  try {
    return await make();
  } catch (thrown) {
    const range = isPeerError(thrown) ? thrown.cause : thrown;
    if (!(range instanceof RangeError)) throw thrown;
    throw new PeerError({
      tag: 'BadArgument',
      code: 'PEERWEAVE_BAD_RANGE',
      operation: 'ci make',
      what: `${file}: ${range.message}`,
      advice: 'Content information describes one byte or more.',
      cause: range,
    });
  }
};

const hexBytes = (text: string): Buffer => {
  if (!/^(?:[0-9a-fA-F]{2})+$/.test(text))
    throw new InvalidArgumentError('It must be an even number of hex digits.');
  return Buffer.from(text, 'hex');
};

const byteRange = (text: string): { readonly start: number; readonly length: number } => {
  const [, first, last] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  const start = Number(first);
  const length = Number(last) - start + 1;
  if (first === undefined || length < 1) {
    throw new InvalidArgumentError('It must be START-END with the numbers of the first and the last byte.');
  }
  return { start, length };
};
