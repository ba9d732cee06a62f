import { mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { afterEach } from 'vitest';
import type { ContentStore, Publication, SegmentInfo } from '../../../src/engine/distribution/ports.js';
import { openContentStore, type ContentStoreOptions } from '../../../src/engine/distribution/store/index.js';
import { contentId, SECRET } from './made-content.js';

const stores: ContentStore[] = [];
const directories: string[] = [];

// Windows keeps what a store has open.
afterEach(async () => {
  for (const store of stores.splice(0).reverse()) await store.close();
  for (const path of directories.splice(0).reverse()) rmSync(path, { recursive: true, force: true });
});

/** A directory that is gone after the test. */
export const temporaryDirectory = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'peerweave-store-'));
  directories.push(path);
  return path;
};

/** A store that is closed after the test. */
export const openStore = async (
  directory: string,
  options: Partial<ContentStoreOptions> = {},
): Promise<ContentStore> => {
  const store = await openContentStore({ directory, serverSecret: SECRET, ...options });
  stores.push(store);
  return store;
};

/** A publication with all its segments in memory. */
export type WholePublication = Publication & { readonly segments: readonly SegmentInfo[] };

export const wholeOf = (publication: Publication): WholePublication => {
  const { contentId: id, length, hash, segments } = publication;
  return { contentId: id, length, hash, segments: Array.from(segments, copyOf) };
};

/** A segment of a publication is good until the next one is read. */
const copyOf = ({ id, hash, hashOfData, secret, length, blockHashes }: SegmentInfo): SegmentInfo => ({
  id: Buffer.from(id),
  hash,
  hashOfData: Buffer.from(hashOfData),
  secret: Buffer.from(secret),
  length,
  blockHashes: blockHashes.map((block) => Buffer.from(block)),
});

/** What the store tells of a publication; `undefined` if it knows of none. */
export const found = (store: ContentStore, id: string): WholePublication | undefined => {
  const publication = store.publication(contentId(id));
  return publication && wholeOf(publication);
};

export const publish = async (
  store: ContentStore,
  id: string,
  content: Uint8Array,
  chunk = content.length,
): Promise<WholePublication> => {
  const writer = await store.beginPublication({ contentId: contentId(id), hash: 'sha256' });
  for (let at = 0; at < content.length; at += chunk) await writer.append(content.subarray(at, at + chunk));
  return wholeOf(await writer.complete());
};

/** All of a publication's bytes, read back block by block; `undefined` stands for a block that is not there. */
export const readBack = async (
  store: ContentStore,
  publication: Publication,
): Promise<(Buffer | undefined)[]> => {
  const blocks: (Buffer | undefined)[] = [];
  for (const { id, blockHashes } of publication.segments) {
    const segment = store.find(id);
    for (let index = 0; index < blockHashes.length; index += 1) blocks.push(await segment?.read(index));
  }
  return blocks;
};

/** Every file below `directory`, relative to it, with slashes; but for what is noted of segments that left, which stays. */
export const filesIn = async (directory: string): Promise<string[]> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('departed'))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(directory.length + 1)
        .replaceAll(sep, '/'),
    )
    .sort();
};
