import type { Command } from 'commander';
import { effects } from 'peerweave';
import { type Context, withContext } from '../context.js';
import { readNamedFile, writeSecretFile } from '../files.js';
import { columns } from '../output.js';
import { PASSWORD_OPTION, type PasswordFlags, readNewPassword, readPassword } from '../password.js';

interface CreateFlags {
  readonly identity?: string;
  readonly friendlyName?: string;
  readonly classifier?: string;
  readonly comment?: string;
}

interface IdentityFlags {
  readonly identity?: string;
}

const IDENTITY_OPTION = ['--identity <peer-name>', 'whose group; the default identity unless given'] as const;

/** Opens a group without going online: looking at it needs nobody else. */
const withGroup = async <A>(
  { peers }: Context,
  groupPeerName: string,
  identity: string | undefined,
  use: (group: effects.PeerGroup) => effects.PeerEffect<A>,
): Promise<A> =>
  peers.promise(peers.effects.withGroup({ groupPeerName, identity }, use, { connect: 'manual' }));

export const addGroup = (program: Command): void => {
  const group = program.command('group').description('manage the peer groups of an identity');

  group
    .command('create')
    .description('create a group and print its peer name')
    .option(...IDENTITY_OPTION)
    .option('--friendly-name <text>', 'what members see')
    .option('--classifier <text>', 'what the peer name ends with')
    .option('--comment <text>')
    .action(async ({ identity, ...properties }: CreateFlags, command: Command) => {
      await withContext(command, async ({ peers, output }) => {
        const creatorPeerName = identity ?? (await peers.promise(peers.effects.getDefaultIdentity()));
        const created = await peers.promise(
          peers.effects.withGroup({ ...properties, creatorPeerName }, effects.getGroupProperties, {
            connect: 'manual',
          }),
        );
        output.result(created, created.groupPeerName);
      });
    });

  group
    .command('list')
    .description('list the groups of an identity')
    .option(...IDENTITY_OPTION)
    .action(async ({ identity }: IdentityFlags, command: Command) => {
      await withContext(command, async ({ peers, output }) => {
        const found = await peers.promise(peers.effects.list(effects.groupsOf(identity)));
        output.result(
          { groups: found },
          found.length === 0 ? 'no groups' : columns(found.map((pair) => [pair.peerName, pair.friendlyName])),
        );
      });
    });

  group
    .command('show')
    .description('show the properties of a group')
    .argument('<group-peer-name>')
    .option(...IDENTITY_OPTION)
    .action(async (name: string, { identity }: IdentityFlags, command: Command) => {
      await withContext(command, async (context) => {
        const properties = await withGroup(context, name, identity, effects.getGroupProperties);
        context.output.result(
          properties,
          columns(
            Object.entries(properties)
              .filter(([, value]) => value !== undefined)
              .map(([key, value]) => [
                key,
                typeof value === 'object' ? JSON.stringify(value) : String(value),
              ]),
          ),
        );
      });
    });

  group
    .command('delete')
    .description('delete the local data of a group for good; other members keep theirs')
    .argument('<group-peer-name>')
    .option(...IDENTITY_OPTION)
    .action(async (groupPeerName: string, { identity }: IdentityFlags, command: Command) => {
      await withContext(command, async ({ peers, output }) => {
        await peers.promise(peers.effects.deleteGroup({ groupPeerName, identity }));
        output.result({ deleted: groupPeerName }, `deleted ${groupPeerName}`);
      });
    });

  group
    .command('export')
    .description('write the configuration and membership of a group, protected by a password')
    .argument('<group-peer-name>')
    .requiredOption('-o, --output <file>', 'where to write it')
    .option(...IDENTITY_OPTION)
    .option(...PASSWORD_OPTION)
    .option('--force', 'overwrite it if it exists', false)
    .action(
      async (
        name: string,
        flags: IdentityFlags & PasswordFlags & { readonly output: string; readonly force: boolean },
        command: Command,
      ) => {
        await withContext(command, async (context) => {
          using password = await readNewPassword(flags, context.signal);
          const xml = await withGroup(context, name, flags.identity, (opened) =>
            effects.exportGroupConfig(opened, password),
          );
          await writeSecretFile(flags.output, xml, flags.force);
          context.output.result({ group: name, output: flags.output }, `${name} in ${flags.output}`);
        });
      },
    );

  group
    .command('import')
    .description('take in the configuration of a group; its identity must be here already')
    .argument('<file>')
    .option(...PASSWORD_OPTION)
    .option('--overwrite', 'replace a configuration that is here', false)
    .action(
      async (file: string, flags: PasswordFlags & { readonly overwrite: boolean }, command: Command) => {
        await withContext(command, async ({ peers, output, signal }) => {
          const xml = (await readNamedFile(file, signal)).toString('utf8');
          using password = await readPassword(flags, signal);
          const imported = await peers.promise(peers.effects.importGroupConfig(xml, password, flags));
          output.result(imported, imported.groupPeerName);
        });
      },
    );
};
