import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createPeerweave, effects, isPeerError } from 'peerweave';
import { createEngineDriver } from 'peerweave/engine';
import { firstValueFrom, switchMap } from 'rxjs';
import { expect, it } from 'vitest';
import { inDirectory } from './support/node.js';

const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy.writeUInt8(copy.readUInt8(at % copy.length) ^ 1, at % copy.length);
  return copy;
};

const DAMAGE: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  'a flipped byte': (bytes) => flipped(bytes, bytes.length >> 1),
  'half of it': (bytes) => bytes.subarray(0, bytes.length >> 1),
  nothing: () => Buffer.alloc(0),
  'a million brackets': () => Buffer.from('['.repeat(1_000_000)),
  'a million open elements': () => Buffer.from('<a>'.repeat(1_000_000)),
  'a thousand million laughs': () =>
    Buffer.from('<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;&c;&c;</a>'),
};

/** Fails unless `work` succeeds or rejects with a typed error that is no defect. */
const expectTyped = (work: Promise<unknown>): Promise<unknown> =>
  work.catch((error: unknown) => {
    if (!isPeerError(error)) throw error;
    expect(error._tag, error.message).not.toBe('Defect');
  });

it.each(Object.entries(DAMAGE))(
  'files of identities and groups that hold %s are typed errors',
  (_name, damage) =>
    inDirectory(async (directory) => {
      const original = join(directory, 'original');
      const first = createPeerweave({ driver: createEngineDriver({ dataDir: original }) });
      const peerName = await first.promise(first.effects.createIdentity({ classifier: 'alice' }));
      const properties = { creatorPeerName: peerName, friendlyName: 'Chess' };
      const groupPeerName = await firstValueFrom(
        first
          .createGroup(properties)
          .pipe(switchMap((group) => first.promise(first.effects.getGroupProperties(group)))),
      ).then((found) => found.groupPeerName);
      const entries = await readdir(original, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      expect(files.length).toBeGreaterThan(2);
      for (const [index, file] of files.entries()) {
        const dataDir = join(directory, String(index));
        await cp(original, dataDir, { recursive: true });
        const victim = join(file.parentPath.replace(original, dataDir), file.name);
        await writeFile(victim, damage(await readFile(victim)));
        const peers = createPeerweave({ driver: createEngineDriver({ dataDir }) });
        await expectTyped(peers.promise(peers.effects.list(effects.identities())));
        await expectTyped(peers.promise(peers.effects.list(effects.groupsOf(peerName))));
        await expectTyped(peers.promise(peers.effects.getIdentityXml(peerName)));
        await expectTyped(firstValueFrom(peers.openGroup({ identity: peerName, groupPeerName })));
        await expectTyped(peers.promise(peers.effects.deleteGroup({ identity: peerName, groupPeerName })));
        await expectTyped(peers.promise(peers.effects.deleteIdentity(peerName)));
        await rm(dataDir, { recursive: true });
      }
    }),
);

it.each(Object.entries(DAMAGE))('an export that holds %s is refused', (_name, damage) =>
  inDirectory(async (directory) => {
    const peers = createPeerweave({ driver: createEngineDriver({ dataDir: join(directory, 'data') }) });
    const peerName = await peers.promise(peers.effects.createIdentity({ classifier: 'alice' }));
    const xml = await peers.promise(peers.effects.exportIdentity(peerName, 'a password'));
    await peers.promise(peers.effects.deleteIdentity(peerName));
    const bad = damage(Buffer.from(xml)).toString('utf8');
    const refused: unknown = await peers
      .promise(peers.effects.importIdentity(bad, 'a password'))
      .catch((e: unknown) => e);
    expect(isPeerError(refused) && refused._tag).not.toBe('Defect');
    expect(isPeerError(refused), String(refused)).toBe(true);
    await expect(peers.promise(peers.effects.importIdentity(xml, 'a password'))).resolves.toBe(peerName);
  }),
);
