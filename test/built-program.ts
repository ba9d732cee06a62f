import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** A program of the tests, built to run as a process of its own. */
export interface BuiltProgram {
  readonly path: string;
  remove(): Promise<void>;
}

/** @param file of the program, beside `near`. */
export const buildProgram = async (file: string, near: string): Promise<BuiltProgram> => {
  const name = basename(file, '.ts');
  // Inside the repository, so that packages are found from there.
  const path = fileURLToPath(new URL(`../node_modules/.${name}-${process.pid}.mjs`, import.meta.url));
  await build({
    entryPoints: [fileURLToPath(new URL(file, near))],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
  });
  return { path, remove: () => rm(path, { force: true }) };
};
