import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { isDriverFault, type EnumerationHandle, type SecretText } from '../../../../src/driver/index.js';
import {
  createGroupingEngine,
  type GroupingEngine,
  type GroupingEngineOptions,
} from '../../../../src/engine/grouping/index.js';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** An empty data directory that is gone after the test. */
export const dataDirectory = async (): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'peerweave-grouping-'));
  cleanups.push(() => rm(path, { recursive: true, force: true }));
  return path;
};

/** A started engine that is disposed after the test. */
export const startEngine = async (
  options: Partial<GroupingEngineOptions> = {},
): Promise<GroupingEngine & { readonly dataDir: string }> => {
  const dataDir = options.dataDir ?? (await dataDirectory());
  const engine = createGroupingEngine({ random: randomBytes, ...options, dataDir });
  await engine.grouping.startup();
  cleanups.push(() => engine.dispose());
  return { ...engine, dataDir };
};

export const secret = (text: string): SecretText => ({ use: (use) => use(Buffer.from(text, 'utf16le')) });

/** The symbol of the fault that a call rejects with; anything else is passed on to fail the test. */
export const faultOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
  } catch (error) {
    if (isDriverFault(error)) return error.symbol;
    throw error;
  }
  return 'no fault';
};

export const reasonOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
  } catch (error) {
    if (isDriverFault(error)) return error.reason ?? '';
    throw error;
  }
  return 'no fault';
};

export const adviceOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
  } catch (error) {
    if (isDriverFault(error)) return error.advice ?? '';
    throw error;
  }
  return 'no fault';
};

/** Everything in a listing, which is ended. */
export const drain = async <Item>(
  { enumeration }: GroupingEngine,
  listing: EnumerationHandle<Item>,
): Promise<readonly Item[]> => {
  const items = await enumeration.nextItems(listing, 10_000);
  await enumeration.end(listing);
  return items;
};
