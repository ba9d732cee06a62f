// A project of somebody else's that has installed the packed tarball: what the checks of package and docs run in.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

const npm = (args, cwd) =>
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });

/**
 * Packs the built package and installs it with its peers and what else is wanted; `use` gets the directory, which is
 * removed afterwards.
 */
export const withConsumer = async (use, wanted = []) => {
  const directory = mkdtempSync(join(tmpdir(), 'peerweave-consumer-'));
  try {
    npm(['pack', '--silent', '--pack-destination', directory], root);
    const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz'));
    writeFileSync(
      join(directory, 'package.json'),
      JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
    );
    npm(
      [
        'install',
        '--silent',
        '--no-audit',
        '--no-fund',
        `./${tarball}`,
        'rxjs@7',
        'fp-ts@2',
        '@types/node@20',
        ...wanted,
      ],
      directory,
    );
    return await use(directory, join(directory, tarball));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};
