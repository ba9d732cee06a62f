import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { isPeerError, PeerError } from 'peerweave';
import { makeContentInformation, parseContentInformation } from 'peerweave/engine';
import { createOutput, columns, formatBytes } from '../output.js';
import { readNamedFile, withFile, writeSecretFile } from '../files.js';
import type { GlobalOptions } from '../context.js';

interface MakeFlags {
  readonly secretHex?: Buffer;
  readonly hash: 'sha256' | 'sha384' | 'sha512';
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
      new Option('--hash <name>', 'Windows clients retrieve sha256 only')
        .choices(['sha256', 'sha384', 'sha512'])
        .default('sha256'),
    )
    .option('--range <start-end>', 'first and last byte to describe', byteRange)
    .requiredOption('-o, --output <file>', 'where to write it')
    .option('--force', 'overwrite it if it exists', false)
    .action(async (file: string, flags: MakeFlags, command: Command) => {
      const information = await describable(file, () =>
        withFile(file, 'ci make', () =>
          makeContentInformation(createReadStream(file, { highWaterMark: 1024 * 1024 }), {
            secret: flags.secretHex ?? randomBytes(32),
            hash: flags.hash,
            range: flags.range,
          }),
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
      const information = readable(ciFile, await readNamedFile(ciFile));
      const { hash, range, segments } = information;
      output(command).result(
        {
          version: '1.0',
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
            ['version', '1.0'],
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

const output = (command: Command) => createOutput(command.optsWithGlobals<GlobalOptions>().json ?? false);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const readable = (file: string, bytes: Uint8Array): ReturnType<typeof parseContentInformation> => {
  try {
    return parseContentInformation(bytes);
  } catch (thrown) {
    throw new PeerError({
      tag: 'Protocol',
      code: 'PEERDIST_ERROR_CANNOT_PARSE_CONTENTINFO',
      operation: 'ci show',
      what: `${file}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      advice: 'Get the file again from whoever publishes the content.',
      cause: thrown,
    });
  }
};

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
