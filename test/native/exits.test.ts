import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSimulators } from './simulators.js';

const BUILT = fileURLToPath(new URL('../../dist/native/index.js', import.meta.url));

const simulators = buildSimulators();
afterAll(() => simulators.remove());
beforeAll(() => {
  if (!existsSync(BUILT)) throw new Error('run npm run build first: these tests start the built package');
});

/** A process that waits for group events and for a change of the status, and then ends as `ending` says. */
const program = (ending: string): string => `
  import { isMainThread, Worker } from 'node:worker_threads';
  import { createWindowsDriver } from ${JSON.stringify(pathToFileURL(BUILT).href)};
  const libraries = ${JSON.stringify(simulators.machines[0].libraries)};
  const arm = async () => {
    const driver = createWindowsDriver({ libraries });
    await driver.grouping.startup();
    const creatorPeerName = await driver.identity.create({});
    const group = await driver.grouping.create({ creatorPeerName });
    await driver.grouping.registerEvents(group, [{ kind: 'StatusChanged' }], () => undefined);
    const session = await driver.distribution.startup();
    await driver.distribution.registerStatusChange(session);
    return driver;
  };
  ${ending}
`;

/** The exit code; the limit is only there to show a hang. */
const exitCodeOf = (name: string, ending: string): Promise<number | string | null> => {
  const file = join(simulators.directory, `${name}.mjs`);
  writeFileSync(file, program(ending));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [file], { stdio: 'ignore' });
    const limit = setTimeout(() => child.kill('SIGKILL'), 20_000);
    child.on('exit', (code, signal) => {
      clearTimeout(limit);
      resolve(signal ?? code);
    });
  });
};

describe('a process that waits', () => {
  it.each([
    ['ends by itself once it is disposed', '(await arm()).dispose();', 0],
    ['ends by process.exit', 'await arm(); process.exit(7);', 7],
    ['ends by an uncaught error', "await arm(); setImmediate(() => { throw new Error('x'); });", 1],
    [
      'ends while native code still signals',
      'const driver = await arm(); setInterval(() => driver.identity.create({}), 1); setTimeout(() => process.exit(3), 50);',
      3,
    ],
    [
      'gets rid of a worker that waits',
      `if (!isMainThread) await arm();
       else {
         const worker = new Worker(new URL(import.meta.url));
         setTimeout(async () => { await worker.terminate(); process.exit(5); }, 500);
       }`,
      5,
    ],
  ] as const)('%s', async (name, ending, code) => {
    expect(await exitCodeOf(name.replaceAll(' ', '-'), ending)).toBe(code);
  });
});
