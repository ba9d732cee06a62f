import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Skip } from './outcome.mjs';

const root = resolve(import.meta.dirname, '../..');

/** The built package: in `directory`, or in this repository, where `build` makes it. */
export const loadPackage = (directory) => {
  const base = resolve(directory ?? root);
  const entry = (name) => pathToFileURL(join(base, 'dist', ...name.split('/'), 'index.js')).href;
  return {
    directory: base,
    entry,
    build: () => {
      if (directory !== undefined) throw new Skip(`taken as it lies in ${base}`);
      const tsup = join(root, 'node_modules', 'tsup', 'dist', 'cli-default.js');
      if (!existsSync(tsup)) throw new Error('tsup is missing: run npm ci first');
      execFileSync(process.execPath, [tsup, '--no-dts', '--silent'], {
        cwd: root,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
    },
    load: async () => ({
      ...(await import(entry('.'))),
      native: await import(entry('native')),
      engine: await import(entry('engine')),
    }),
  };
};

/** Peerweave on the libraries of the system, or on those that were named; each check has a driver of its own. */
export const withPeers = async ({ peerweave, libraries }, use, options = {}) => {
  if (peerweave === undefined) throw new Skip('there is no built package');
  const driver = peerweave.native.createWindowsDriver({ ...options, libraries });
  const peers = peerweave.createPeerweave({ driver });
  try {
    return await use(peers, driver);
  } finally {
    await driver.dispose();
  }
};
