import { basename, join } from 'node:path';
import { importPrivateKey, publicKeyOf } from '../crypto/keys.js';
import { authorityOf, composePeerName } from '../names.js';
import { directoryNameFor, readIfPresent } from './data-directory.js';
import { decodeIdentity } from './identity-record.js';
import { readName } from './name-record.js';
import { decodeGroup } from './stored-group.js';

const NAME = 'name.rec';

/** What `read` answers, `undefined` if it cannot. */
const ifReadable = async <A>(read: () => Promise<A>): Promise<A | undefined> => {
  try {
    return await read();
  } catch {
    return undefined;
  }
};

/** The name that a private key alone stands for: one without a classifier. */
const nameOfKey = (path: string): Promise<string | undefined> =>
  ifReadable(async () => {
    const pkcs8 = await readIfPresent(path);
    return pkcs8 === undefined
      ? undefined
      : composePeerName(authorityOf(publicKeyOf(importPrivateKey(pkcs8))));
  });

/**
 * The peer name that the directory of an identity stands for. Where the file that holds it is damaged the other files tell
 * it: a name that is not found hides keys and groups that are whole.
 */
export const identityNameIn = async (
  directory: string,
  isNamedAfter = (name: string) => basename(directory) === directoryNameFor(name),
): Promise<string | undefined> => {
  const stored = await readName(join(directory, NAME));
  if (stored !== undefined) return stored;
  const record = await ifReadable(async () =>
    decodeIdentity(await readIfPresent(join(directory, 'identity.rec'))),
  );
  const candidates = [record?.peerName, await nameOfKey(join(directory, 'key.p8'))];
  return candidates.find((name) => name !== undefined && isNamedAfter(name));
};

/** The peer name that the directory of a group stands for, as {@link identityNameIn} finds that of an identity. */
export const groupNameIn = async (directory: string): Promise<string | undefined> => {
  const stored = await readName(join(directory, NAME));
  if (stored !== undefined) return stored;
  const record = await ifReadable(async () => decodeGroup(await readIfPresent(join(directory, 'group.rec'))));
  const candidates = [record?.groupPeerName, await nameOfKey(join(directory, 'group-key.p8'))];
  return candidates.find((name) => name !== undefined && basename(directory) === directoryNameFor(name));
};
