import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { PeerError, type Secret } from 'peerweave';
import { exportServerSecret, importServerSecret, KeyFileError, setServerSecret } from 'peerweave/engine';
import { withContext, type GlobalOptions } from '../context.js';
import { readNamedFile, writeSecretFile } from '../files.js';
import { PASSWORD_OPTION, type PasswordFlags, readNewPassword, readPassword } from '../password.js';

export const addSecret = (program: Command): void => {
  const secret = program
    .command('secret')
    .description('manage the server secret: machines with the same one publish the same segments');

  secret
    .command('set')
    .description('set the secret to a password, as Set-BCSecretKey does, or to random bytes')
    .option('--random', 'random bytes instead of a password', false)
    .option(...PASSWORD_OPTION)
    .action(async ({ random, ...flags }: SetFlags, command: Command) => {
      if (random && flags.passwordFile !== undefined) {
        command.error("error: option '--random' cannot be used with option '--password-file'");
      }
      await withContext(command, async ({ output, signal }) => {
        if (random) {
          await setServerSecret(randomBytes(32), directoryOf(command));
        } else {
          using password = await readNewPassword(flags, signal);
          requireSome(password, 'an empty password is no secret');
          const bytes = password.use((utf16le) => Buffer.from(utf16le));
          await setServerSecret(bytes, directoryOf(command));
        }
        output.result({ set: true }, `set; ${FROM_NOW_ON}`);
      });
    });

  secret
    .command('export')
    .description('write the secret into a key file, protected by a password, as Export-BCSecretKey does')
    .requiredOption('-o, --output <file>', 'where to write it')
    .option('--force', 'overwrite it if it exists', false)
    .option(...PASSWORD_OPTION)
    .action(async (flags: ExportFlags, command: Command) => {
      await withContext(command, async ({ output, signal }) => {
        using password = await readNewPassword(flags, signal);
        requireSome(password, 'an empty password protects nothing');
        const keyFile = await exportServerSecret(password, directoryOf(command));
        await writeSecretFile(flags.output, keyFile, flags.force);
        output.result({ output: flags.output }, `the secret in ${flags.output}`);
      });
    });

  secret
    .command('import')
    .description('take the secret out of a key file of this program or of Windows')
    .argument('<file>')
    .option(...PASSWORD_OPTION)
    .action(async (file: string, flags: PasswordFlags, command: Command) => {
      await withContext(command, async ({ output, signal }) => {
        const keyFile = await readNamedFile(file, signal);
        using password = await readPassword(flags, signal);
        await importServerSecret(keyFile, password, directoryOf(command)).catch((thrown: unknown) => {
          throw thrown instanceof KeyFileError
            ? badArgument('PEERWEAVE_KEY_FILE', `${file}: ${thrown.message}`)
            : thrown;
        });
        output.result({ imported: true }, `imported; ${FROM_NOW_ON}`);
      });
    });
};

interface SetFlags extends PasswordFlags {
  readonly random: boolean;
}

interface ExportFlags extends PasswordFlags {
  readonly output: string;
  readonly force: boolean;
}

const FROM_NOW_ON = 'used for what is published from now on, by processes that run once they start anew';

const directoryOf = (command: Command): GlobalOptions => command.optsWithGlobals<GlobalOptions>();

const requireSome = (password: Secret, otherwise: string): void => {
  if (password.use(({ length }) => length === 0)) throw badArgument('PEERWEAVE_NO_PASSWORD', otherwise);
};

const badArgument = (code: string, what: string): PeerError =>
  new PeerError({
    tag: 'BadArgument',
    code,
    operation: 'secret',
    what,
    advice: 'Check the file and the password.',
  });
