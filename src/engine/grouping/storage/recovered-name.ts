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

const isNamedAfter =
  (directory: string) =>
  (name: string): boolean =>
    basename(directory) === directoryNameFor(name);

/** What the file for it says, or else what the record and the key stand for, if the directory is that one's. */
const nameIn = async (
  directory: string,
  key: string,
  nameOfRecord: () => Promise<string>,
  isRight: (name: string) => boolean,
): Promise<string | undefined> => {
  const stored = await readName(join(directory, NAME));
  if (stored !== undefined) return stored;
  const candidates = [await ifReadable(nameOfRecord), await nameOfKey(join(directory, key))];
  return candidates.find((name) => name !== undefined && isRight(name));
};

/**
 * The peer name that the directory of an identity stands for. Where the file that holds it is damaged the other files tell
 * it: a name that is not found hides keys and groups that are whole.
 */
export const identityNameIn = (
  directory: string,
  isRight = isNamedAfter(directory),
): Promise<string | undefined> =>
  nameIn(
    directory,
    'key.p8',
    async () => (await decodeIdentity(await readIfPresent(join(directory, 'identity.rec')))).peerName,
    isRight,
  );

/** The peer name that the directory of a group stands for, as {@link identityNameIn} finds that of an identity. */
export const groupNameIn = (directory: string): Promise<string | undefined> =>
  nameIn(
    directory,
    'group-key.p8',
    async () => decodeGroup(await readIfPresent(join(directory, 'group.rec'))).groupPeerName,
    isNamedAfter(directory),
  );
