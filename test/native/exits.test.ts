import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSimulators } from './simulators.js';

// Under Wine the package is looked for beside the koffi for Windows; run.sh puts it there.
const PACKAGE = process.platform === 'win32' ? '../windows/node_modules/peerweave/' : '../../';
const BUILT = fileURLToPath(new URL(`${PACKAGE}dist/native/index.js`, import.meta.url));

const simulators = buildSimulators();
const directory = mkdtempSync(join(tmpdir(), 'peerweave-exits-'));
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
  simulators.remove();
});

interface Ended {
  readonly code: number | string | null;
  /** From the moment that the program calls `mark` to its end. */
  readonly milliseconds: number;
}

const LIMIT_MS = 30_000;
let count = 0;

/**
 * Runs a program that knows `arm`: it waits for events of a group and for a change of the status, and answers what
 * ends all that; and `mark`, which it calls when it should end.
 */
const run = async (text: string): Promise<Ended> => {
  const name = join(directory, `program-${++count}`);
  const [file, marker] = [`${name}.mjs`, `${name}.marker`];
  const program = `
    import { writeFileSync } from 'node:fs';
    import { isMainThread, parentPort, Worker } from 'node:worker_threads';
    import { createWindowsDriver } from ${JSON.stringify(pathToFileURL(BUILT).href)};
    const libraries = ${JSON.stringify(simulators.machines[0].libraries)};
    const mark = () => writeFileSync(${JSON.stringify(marker)}, String(Date.now()));
    const arm = async (statusSignal = 'event') => {
      const driver = createWindowsDriver({ libraries, statusSignal });
      const { grouping, identity, distribution } = driver;
      await grouping.startup();
      const group = await grouping.create({ creatorPeerName: await identity.create({}) });
      const events = await grouping.registerEvents(group, [{ kind: 'StatusChanged' }], () => undefined);
      const session = await distribution.startup();
      const { changed } = await distribution.registerStatusChange(session);
      const stop = async () => {
        await grouping.unregisterEvents(events);
        await distribution.unregisterStatusChange(session);
      };
      // Long enough for the pump to be in the middle of a wait.
      await new Promise((resolve) => setTimeout(resolve, 100));
      return { driver, stop };
    };
    const armedWorker = async () => {
      const worker = new Worker(new URL(import.meta.url));
      await new Promise((resolve) => worker.once('message', resolve));
      return worker;
    };
    if (!isMainThread) parentPort.postMessage(await arm().then(() => 'armed'));
    else { ${text} }
  `;
  writeFileSync(file, program);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [file], { stdio: 'ignore' });
    const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    child.on('exit', (code, signal) => {
      clearTimeout(limit);
      const marked = existsSync(marker) ? Number(readFileSync(marker, 'utf8')) : Number.NaN;
      resolve({ code: signal ?? code, milliseconds: Date.now() - marked });
    });
  });
};

describe('a process that waits', () => {
  let idle = 0;
  beforeAll(async () => {
    if (!existsSync(BUILT)) throw new Error(`${BUILT} is missing: npm run build`);
    // How long a process takes here and now that waits for nothing.
    const ended = await run('mark(); process.exit(6);');
    expect(ended.code).toBe(6);
    idle = ended.milliseconds;
  });

  it.each([
    [
      'ends by itself once it has disposed of the driver',
      0,
      'const { driver } = await arm(); mark(); await driver.dispose();',
    ],
    ['ends by itself once nothing is subscribed', 0, 'const { stop } = await arm(); mark(); await stop();'],
    [
      'ends by itself with the port as well',
      0,
      "const { stop } = await arm('completion-port'); mark(); await stop();",
    ],
    ['ends by process.exit', 7, 'await arm(); mark(); process.exit(7);'],
    [
      'ends by process.exit with the port as well',
      7,
      "await arm('completion-port'); mark(); process.exit(7);",
    ],
    [
      'ends by process.exit while another listener runs',
      8,
      "process.on('exit', () => (process.exitCode = 8)); await arm(); mark(); process.exit();",
    ],
    ['ends by an uncaught error', 1, "await arm(); mark(); setImmediate(() => { throw new Error('x'); });"],
    [
      'ends by a rejection that nobody handles',
      1,
      "await arm(); mark(); void Promise.reject(new Error('x'));",
    ],
    [
      'ends while native code still signals',
      3,
      `const { driver } = await arm();
       setInterval(() => void driver.identity.create({}).catch(() => undefined), 1);
       setTimeout(() => { mark(); process.exit(3); }, 50);`,
    ],
    [
      'gets rid of a worker that waits',
      0,
      'const worker = await armedWorker(); mark(); await worker.terminate();',
    ],
    [
      'gets rid of a worker while it waits itself',
      0,
      'const { driver } = await arm(); const worker = await armedWorker(); mark(); await worker.terminate(); await driver.dispose();',
    ],
    ['ends by process.exit while a worker waits', 9, 'await armedWorker(); mark(); process.exit(9);'],
    [
      'ends by an uncaught error while a worker waits',
      1,
      "await armedWorker(); mark(); throw new Error('x');",
    ],
  ] as const)('%s', { timeout: 2 * LIMIT_MS }, async (_name, code, text) => {
    const ended = await run(text);
    expect(ended.code).toBe(code);
    // A second, and what this machine needs for a process at the moment.
    expect(ended.milliseconds).toBeLessThan(1_000 + 10 * idle);
  });
});
