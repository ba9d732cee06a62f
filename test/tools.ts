import { spawnSync } from 'node:child_process';

/**
 * For `test.skipIf` of tests that check against a program of the system: whether it is missing, which is said aloud. In
 * continuous integration it has to be there.
 */
export const missing = (program: string): boolean => {
  if (spawnSync(program, ['--version']).error === undefined) return false;
  if (process.env['CI'] !== undefined) throw new Error(`${program} is missing`);
  console.warn(`${program} is not installed: the tests against it are left out`);
  return true;
};
