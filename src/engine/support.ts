import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { SupportFinding, SupportReport } from '../driver/index.js';
import { openDataDirectory } from './data-dir.js';
import type { Endpoint } from './distribution/service.js';
import { messageOf } from './distribution/system-faults.js';
import type { ServiceConfig } from './service-config.js';

interface Inspected {
  readonly dataDir: string;
  readonly config: ServiceConfig;
  readonly listen: Endpoint | false;
  /** Where it listens already. */
  readonly endpoint: Endpoint | undefined;
}

/** Finds out by trying whether the engine can work here. Never rejects. */
export const inspectEngine = async (engine: Inspected): Promise<SupportReport> => ({
  driver: 'engine',
  findings: [
    inspectNode(),
    await inspectDataDirectory(engine.dataDir),
    await inspectSwitch(engine.config),
    await inspectListener(engine),
  ],
});

const OLDEST_NODE: readonly [number, number] = [20, 19];

const inspectNode = (): SupportFinding => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  const advice = ok ? undefined : `install Node.js ${OLDEST_NODE.join('.')} or later`;
  return { subject: 'Node.js', ok, detail: process.versions.node, advice };
};

const inspectDataDirectory = async (dataDir: string): Promise<SupportFinding> => {
  const subject = 'data directory';
  try {
    const path = await openDataDirectory(dataDir);
    await rm(await mkdtemp(join(path, '.probe-')), { recursive: true });
    return { subject, ok: true, detail: `${path} can be written` };
  } catch (error) {
    const advice = 'make it a directory that this user can write, or choose another one';
    return { subject, ok: false, detail: messageOf(error), advice };
  }
};

const inspectSwitch = async (config: ServiceConfig): Promise<SupportFinding> => {
  const subject = 'distribution switch';
  try {
    return (await config.isEnabled())
      ? { subject, ok: true, detail: 'enabled' }
      : { subject, ok: false, detail: 'disabled', advice: 'enable the service: peerweave enable' };
  } catch (error) {
    return { subject, ok: false, detail: messageOf(error), advice: 'write it anew: peerweave enable' };
  }
};

const inspectListener = async ({ listen, endpoint }: Inspected): Promise<SupportFinding> => {
  const subject = 'listener';
  if (listen === false) return { subject, ok: true, detail: 'not wanted: this engine serves nobody' };
  if (endpoint !== undefined) {
    return { subject, ok: true, detail: `listens on ${endpoint.host}, port ${endpoint.port}` };
  }
  try {
    await tryToListen(listen);
    return { subject, ok: true, detail: `can listen on ${listen.host}, port ${listen.port || 'any'}` };
  } catch (error) {
    const advice = 'choose another address or port, or end the program that has it';
    return { subject, ok: false, detail: messageOf(error), advice };
  }
};

const tryToListen = ({ host, port }: Endpoint): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => server.close(() => resolve()));
  });
