import { createCipheriv } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createPeerweave,
  type effects,
  isPeerError,
  type PeerError,
  publish,
  type PublishOptions,
  retrieve,
  type ContentSource,
  type Peerweave,
} from 'peerweave';
import { createEngineDriver, type EngineDriver, type EngineOptions } from 'peerweave/engine';
import { lastValueFrom } from 'rxjs';
import { expect } from 'vitest';

export const BLOCK = 65_536;
export const SEGMENT = 512 * BLOCK;

/** Bytes of which no two blocks are alike; the same for the same seed. */
export const contentOf = (length: number, seed = 7): Buffer =>
  createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(length));

/** A directory of its own for each test, removed afterwards. */
export const inDirectory = async (use: (directory: string) => Promise<void>): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-robust-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

/** An engine with one open session, as a program would use it. */
export interface Node extends AsyncDisposable {
  readonly driver: EngineDriver;
  readonly peers: Peerweave;
  readonly session: effects.DistributionSession;
  /** `host:port` of its listener. */
  readonly peer: string;
}

export const openNode = async (dataDir: string, options: EngineOptions = {}): Promise<Node> => {
  const driver = createEngineDriver({ dataDir, ...options });
  const peers = createPeerweave({ driver });
  const session = await peers.promise(peers.effects.openSession());
  return {
    driver,
    peers,
    session,
    get peer(): string {
      const endpoint = driver.endpoint();
      return endpoint === undefined ? '127.0.0.1:9' : `${endpoint.host}:${endpoint.port}`;
    },
    async [Symbol.asyncDispose]() {
      await session.close();
      await driver.dispose();
    },
  };
};

/** Publishes and answers the content information. */
export const publishOn = async (
  { session }: Node,
  source: ContentSource,
  as: Pick<PublishOptions, 'version' | 'segmentation'> = {},
): Promise<Uint8Array> => {
  const last = await lastValueFrom(publish(source, { session, ...as }));
  if (last._tag !== 'Published') throw new Error('publishing ended without a publication');
  return last.contentInformation;
};

export interface Wanted {
  readonly peers?: readonly string[];
  readonly to?: string;
  readonly timeoutMs?: number;
}

export const retrieveOn = ({ session }: Node, information: Uint8Array, wanted: Wanted = {}) =>
  lastValueFrom(retrieve(information, { session, ...wanted }));

/** The error that a promise must end with; anything that is not typed fails the test. */
export const failureOf = async (promise: Promise<unknown>): Promise<PeerError> => {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(isPeerError(thrown), String(thrown instanceof Error ? thrown.stack : thrown)).toBe(true);
  const error = thrown as PeerError;
  expect(error._tag, error.message).not.toBe('Defect');
  return error;
};
