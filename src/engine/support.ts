import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { SupportFinding, SupportReport } from '../driver/index.js';
import { openDataDirectory } from './data-dir.js';
import { STANDARD_PORT } from './distribution/retrieval/serving-port.js';
import type { Endpoint } from './distribution/endpoint.js';
import type { ServiceConfig } from './service-config.js';
import { messageOf } from '../driver/errors.js';

/** An address to listen at; without a port it is 80, or a free one where that cannot be had. */
export interface ListenAddress {
  readonly host: string;
  readonly port?: number | undefined;
}

interface Inspected {
  readonly dataDir: string;
  readonly config: ServiceConfig;
  readonly listen: ListenAddress | false;
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
    ...(engine.endpoint === undefined ? [await inspectStandardPort()] : []),
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
    for (const folder of [path, ...(await foldersIn(path))]) {
      await rm(await mkdtemp(join(folder, '.probe-')), { recursive: true });
    }
    return { subject, ok: true, detail: `${path} can be written` };
  } catch (error) {
    const advice = 'make it a directory that this user can write, or choose another one';
    return { subject, ok: false, detail: messageOf(error), advice };
  }
};

/** What is in the places of the engine's own folders, those that have not been needed yet left out. */
const foldersIn = async (dataDir: string): Promise<readonly string[]> => {
  const present = await readdir(dataDir);
  return ['content', 'grouping', 'insight']
    .filter((name) => present.includes(name))
    .map((name) => join(dataDir, name));
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
  const { host, port = STANDARD_PORT } = listen;
  try {
    await tryToListen({ host, port });
    return { subject, ok: true, detail: `can listen on ${host}, port ${port || 'any'}` };
  } catch (error) {
    if (listen.port === undefined && (await canListen({ host, port: 0 }))) {
      return { subject, ok: true, detail: `listens on a free port of ${host}, as ${port} cannot be had` };
    }
    const advice = 'choose another address or port, or end the program that has it';
    return { subject, ok: false, detail: messageOf(error), advice };
  }
};

/** Not a fault in either case; but who opens a firewall must know. */
const inspectStandardPort = async (): Promise<SupportFinding> => {
  const subject = 'standard port';
  const isFree = await canListen({ host: '0.0.0.0', port: STANDARD_PORT });
  const what = isFree ? 'can be had' : 'is taken or not allowed; a free port is used and announced instead';
  return { subject, ok: true, detail: `port ${STANDARD_PORT} for serving the network ${what}` };
};

const canListen = async (endpoint: Endpoint): Promise<boolean> => {
  try {
    await tryToListen(endpoint);
    return true;
  } catch {
    return false;
  }
};

const tryToListen = ({ host, port }: Endpoint): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => server.close(() => resolve()));
  });
