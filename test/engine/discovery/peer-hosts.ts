import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { EngineOptions } from 'peerweave/engine';
import { buildProgram, type BuiltProgram } from '../../built-program.js';
import { Networks } from './namespaces.js';
import type { PeerOrder, PeerProgramOptions, PeerReport } from './peer-program.js';
import { LineProcess } from './programs.js';

export type PeerProcess = LineProcess<PeerOrder, PeerReport>;

/** A user without rights, by the number that Linux keeps for nobody. */
export const NOBODY = 65_534;

/** A machine that is busy with other tests must not look like one that nobody answers. */
const LIMITS = { discovery: { answerTimeoutMs: 1_000, repeatAfterMs: 200, transmissions: 5 } };

/** Engines on hosts of their own. */
export interface PeerHosts {
  /** Of the test that is running. */
  readonly networks: Networks;
  /** Starts an engine. @param user whose rights its process has; left out: those of root. */
  start(
    host: string,
    options: EngineOptions,
    user?: number,
  ): Promise<{ readonly child: PeerProcess; readonly dataDir: string }>;
}

/** Has hosts made and removed around each test of the `describe` that calls it, with all that runs on them. */
export const peerHosts = (): PeerHosts => {
  let program: BuiltProgram;
  let directory: string;
  let networks: Networks;
  let count = 0;
  const started: PeerProcess[] = [];
  beforeAll(async () => {
    program = await buildProgram('peer-program.ts', import.meta.url);
    directory = await mkdtemp(join(tmpdir(), 'peerweave-hosts-'));
    // Somebody without rights has to get to what is his.
    await chmod(directory, 0o711);
  });
  beforeEach(() => {
    networks = new Networks();
  });
  afterEach(() => {
    for (const child of started.splice(0)) child.kill();
    networks.remove();
  });
  afterAll(async () => {
    await program.remove();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    get networks() {
      return networks;
    },
    start: async (host, engine, user) => {
      const dataDir = join(directory, `${(count += 1)}`);
      if (user !== undefined) {
        await mkdir(dataDir);
        await chown(dataDir, user, user);
      }
      const options: PeerProgramOptions = { engine: { limits: LIMITS, ...engine, dataDir }, user };
      const command = [process.execPath, program.path, JSON.stringify(options)];
      const child: PeerProcess = new LineProcess([...networks.on(host), ...command]);
      started.push(child);
      await child.read();
      return { child, dataDir };
    },
  };
};
