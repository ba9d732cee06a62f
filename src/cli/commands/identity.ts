import type { Command } from 'commander';
import { effects } from 'peerweave';
import { withContext } from '../context.js';
import { readNamedFile, writeSecretFile } from '../files.js';
import { columns } from '../output.js';
import { PASSWORD_OPTION, type PasswordFlags, readNewPassword, readPassword } from '../password.js';

interface ExportFlags extends PasswordFlags {
  readonly output: string;
  readonly force: boolean;
}

export const addIdentity = (program: Command): void => {
  const identity = program.command('identity').description('manage the peer identities of this user');

  identity
    .command('create')
    .description('create an identity and print its peer name')
    .option('--classifier <text>', 'what the peer name ends with')
    .option('--friendly-name <text>', 'what other people see')
    .action(
      async (flags: { readonly classifier?: string; readonly friendlyName?: string }, command: Command) => {
        await withContext(command, async ({ peers, output }) => {
          const peerName = await peers.promise(peers.effects.createIdentity(flags));
          output.result({ peerName }, peerName);
        });
      },
    );

  identity
    .command('list')
    .description('list the identities')
    .action(async (_options: unknown, command: Command) => {
      await withContext(command, async ({ peers, output }) => {
        const found = await peers.promise(peers.effects.list(effects.identities()));
        output.result(
          { identities: found },
          found.length === 0
            ? 'no identities'
            : columns(found.map((pair) => [pair.peerName, pair.friendlyName])),
        );
      });
    });

  identity
    .command('show')
    .description('show an identity, the default one unless named')
    .argument('[peer-name]')
    .action(async (name: string | undefined, _options: unknown, command: Command) => {
      await withContext(command, async ({ peers, output }) => {
        const peerName = name ?? (await peers.promise(peers.effects.getDefaultIdentity()));
        const friendlyName = await peers.promise(peers.effects.getFriendlyName(peerName));
        const xml = await peers.promise(peers.effects.getIdentityXml(peerName));
        const groups = await peers.promise(peers.effects.list(effects.groupsOf(peerName)));
        output.result(
          { peerName, friendlyName, groups, xml },
          [
            columns([
              ['peer name', peerName],
              ['friendly name', friendlyName],
              ['groups', groups.map((group) => group.peerName).join(', ') || 'none'],
            ]),
            xml,
          ].join('\n'),
        );
      });
    });

  identity
    .command('delete')
    .description('delete an identity and its keys for good')
    .argument('<peer-name>')
    .action(async (peerName: string, _options: unknown, command: Command) => {
      await withContext(command, async ({ peers, output }) => {
        await peers.promise(peers.effects.deleteIdentity(peerName));
        output.result({ deleted: peerName }, `deleted ${peerName}`);
      });
    });

  identity
    .command('export')
    .description('write a copy of an identity, protected by a password')
    .argument('<peer-name>')
    .requiredOption('-o, --output <file>', 'where to write it')
    .option(...PASSWORD_OPTION)
    .option('--force', 'overwrite it if it exists', false)
    .action(async (peerName: string, flags: ExportFlags, command: Command) => {
      await withContext(command, async ({ peers, output, signal }) => {
        using password = await readNewPassword(flags, signal);
        const xml = await peers.promise(peers.effects.exportIdentity(peerName, password));
        await writeSecretFile(flags.output, xml, flags.force);
        output.result({ peerName, output: flags.output }, `${peerName} in ${flags.output}`);
      });
    });

  identity
    .command('import')
    .description('take in a copy of an identity')
    .argument('<file>')
    .option(...PASSWORD_OPTION)
    .action(async (file: string, flags: PasswordFlags, command: Command) => {
      await withContext(command, async ({ peers, output, signal }) => {
        const xml = (await readNamedFile(file, signal)).toString('utf8');
        using password = await readPassword(flags, signal);
        const peerName = await peers.promise(peers.effects.importIdentity(xml, password));
        output.result({ peerName }, peerName);
      });
    });
};
