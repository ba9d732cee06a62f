import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildProgram, type BuiltProgram } from '../built-program.js';

const MIB = 2 ** 20;
/** Made in all, a little of it in use at a time: far more than it takes V8 to grow as far as it may. */
const MADE_MIB = 1_000;

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram('memory-program.ts', import.meta.url);
});
afterAll(() => program.remove());

const mostTaken = async (how: string): Promise<{ readonly young: number; readonly old: number }> => {
  const { stdout } = await promisify(execFile)(process.execPath, [program.path, how, String(MADE_MIB)]);
  return JSON.parse(stdout) as { young: number; old: number };
};

it('has V8 take half as much for what was made lately, and less for what has grown old', async () => {
  const [usual, little] = [await mostTaken('as usual'), await mostTaken('little')];
  expect(usual.young).toBeGreaterThan(16 * MIB);
  expect(little.young).toBeLessThanOrEqual(16 * MIB);
  expect(little.old).toBeLessThan(usual.old);
});
