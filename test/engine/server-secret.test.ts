import { createCipheriv, createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import {
  createEngineDriver,
  exportServerSecret,
  importServerSecret,
  KeyFileError,
  makeContentInformation,
  parseContentInformation,
  setServerSecret,
} from '../../src/engine/index.js';
import { publish } from './driver/rig.js';
import { contentOf } from './store/made-content.js';

const newDirectory = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'peerweave-secret-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

const CONTENT = contentOf('published on two machines', 200_000);

/** What the service of a data directory publishes the content as. */
const publishedIn = async (dataDir: string): Promise<Buffer> => {
  const engine = createEngineDriver({ dataDir, listen: false });
  const session = await engine.distribution.startup();
  const information = await publish(engine.distribution, session, 'the content', CONTENT);
  await engine.dispose();
  return information;
};

const idsIn = (information: Uint8Array): readonly string[] =>
  parseContentInformation(information).segments.map(({ info }) => Buffer.from(info.id).toString('hex'));

it('makes two machines publish the same segments, once it went from one to the other', async () => {
  const [one, other] = [newDirectory(), newDirectory()];
  const before = idsIn(await publishedIn(other));
  const ids = idsIn(await publishedIn(one));
  expect(before).not.toEqual(ids);
  await importServerSecret(
    await exportServerSecret('from one to the other', { dataDir: one }),
    'from one to the other',
    {
      dataDir: other,
    },
  );
  expect(idsIn(await publishedIn(other))).toEqual(ids);
});

it('goes into no file that nothing protects', async () => {
  const dataDir = newDirectory();
  await expect(exportServerSecret('', { dataDir })).rejects.toThrow(RangeError);
});

it('keeps the imported secret from everybody but the owner', async () => {
  const [one, other] = [newDirectory(), newDirectory()];
  await publishedIn(one);
  const file = await exportServerSecret('from one to the other', { dataDir: one });
  await importServerSecret(file, 'from one to the other', { dataDir: other });
  expect(statSync(join(other, 'server-secret')).mode & 0o777).toBe(0o600);
});

it('that is a passphrase gives the ids that the protocol derives from its UTF-16LE bytes', async () => {
  const dataDir = newDirectory();
  const secret = Buffer.from('correct horse', 'utf16le');
  await setServerSecret(secret, { dataDir });
  const expected = await makeContentInformation([CONTENT], { secret });
  expect(idsIn(await publishedIn(dataDir))).toEqual(idsIn(expected));
});

it('takes a key file that was made by hand, and writes the same', async () => {
  const dataDir = newDirectory();
  const secret = Buffer.from('a secret of another server');
  const key = createHash('sha256').update(Buffer.from('passphrase', 'utf16le')).digest();
  const encryption = createCipheriv('aes-256-cbc', key, Buffer.alloc(16));
  const digest = createHash('sha256').update(secret).digest();
  const keyFile = Buffer.concat([encryption.update(digest), encryption.update(secret), encryption.final()]);
  await importServerSecret(keyFile, 'passphrase', { dataDir });
  expect(await exportServerSecret('passphrase', { dataDir })).toEqual(keyFile);
});

it('stays as it is when a key file or a secret is refused', async () => {
  const dataDir = newDirectory();
  const keyFile = await exportServerSecret('right', { dataDir });
  await expect(importServerSecret(keyFile, 'wrong', { dataDir })).rejects.toBeInstanceOf(KeyFileError);
  await expect(setServerSecret(Buffer.alloc(0), { dataDir })).rejects.toBeInstanceOf(RangeError);
  await expect(setServerSecret(Buffer.alloc(32_769), { dataDir })).rejects.toBeInstanceOf(RangeError);
  expect(await exportServerSecret('right', { dataDir })).toEqual(keyFile);
});
