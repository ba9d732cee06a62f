import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { withContext } from '../context.js';
import { generateFile } from './generate.js';
import { showGroup } from './show-group.js';
import { showStatus } from './show-status.js';
import { showTransfer } from './show-transfer.js';

/** Everything in one go, in a directory of its own that is removed afterwards. */
export const runDemo = async (
  command: Command,
  file: string | undefined,
  mebibytes: number,
): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-demo-'));
  try {
    // The demo never touches the user's own identities and cache.
    command.parent?.setOptionValue('dataDir', join(directory, 'publisher'));
    await withContext(
      command,
      async (context) => {
        const { output, signal } = context;
        output.say(`peerweave demo: loopback only, files in ${directory} until it ends\n`);
        await showGroup(context);
        const source = file ?? join(directory, 'model.bin');
        if (file === undefined) {
          output.say(
            `\n2. Publish ${mebibytes} MiB of fresh random bytes, and fetch them from a second process`,
          );
          await generateFile(source, mebibytes, signal);
        } else {
          output.say(`\n2. Publish ${basename(file)}, and fetch it from a second process`);
        }
        const table = await showTransfer(context, source, directory);
        await showStatus(context);
        output.result(table.data, `\n4. Result\n${table.text}`);
      },
      { listen: { host: '127.0.0.1', port: 0 } },
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};
