import { defaultDataDirectory, openDataDirectory } from './data-dir.js';
import { decodeKeyFile, encodeKeyFile, KeyFileError, type Passphrase } from './distribution/wire/index.js';
import { MAX_SECRET_LENGTH, ServiceConfig } from './service-config.js';

/**
 * Sets the server secret: what the secrets and ids of published segments are derived from. Machines with the same
 * secret publish the same content under the same ids, and their clients help each other.
 *
 * `netsh branchcache set key` and Set-BCSecretKey of Windows take a passphrase; the secret is its UTF-16LE bytes. What was
 * published before keeps its ids until it is published anew; a service that runs goes on with the old secret until its
 * last session ends. Source: MS-PCCRC 2.2.
 *
 * @param secret 1 to 32 768 bytes, of which nobody can guess one.
 * @throws RangeError for another length, DataDirectoryError, the system's errors.
 *
 * @example
 * ```ts
 * import { randomBytes } from 'node:crypto';
 * import { exportServerSecret, importServerSecret, setServerSecret } from 'peerweave/engine';
 *
 * await setServerSecret(randomBytes(32), { dataDir: './one-server' });
 * const keyFile = await exportServerSecret('a passphrase', { dataDir: './one-server' });
 * await importServerSecret(keyFile, 'a passphrase', { dataDir: './another-server' });
 * ```
 */
export const setServerSecret = async (secret: Uint8Array, where: DataDirectoryChoice = {}): Promise<void> => {
  await (await configIn(where)).setServerSecret(secret);
};

/** Which data directory is meant. */
export interface DataDirectoryChoice {
  /** The platform's place by default, see {@link defaultDataDirectory}. */
  readonly dataDir?: string | undefined;
}

/**
 * The server secret as a key file, for {@link importServerSecret} of another machine and for `netsh branchcache importkey`
 * or Import-BCSecretKey of Windows. Makes a secret if there is none yet.
 *
 * The passphrase alone protects it, by one SHA-256: choose a long one, as whoever has the file can try as many as he
 * likes. Source: MS-PCCRC 2.5.
 *
 * @throws RangeError for an empty passphrase, DataDirectoryError, ServiceConfigError for a damaged secret, the system's
 * errors.
 */
export const exportServerSecret = async (
  passphrase: Passphrase,
  where: DataDirectoryChoice = {},
): Promise<Uint8Array> => {
  if (isEmpty(passphrase)) throw new RangeError('an empty passphrase protects nothing');
  return encodeKeyFile(await (await configIn(where)).serverSecret(), passphrase);
};

const isEmpty = (passphrase: Passphrase): boolean =>
  typeof passphrase === 'string' ? passphrase === '' : passphrase.use(({ length }) => length === 0);

/**
 * Takes the server secret out of a key file, instead of the one that is there. See {@link setServerSecret} for what that
 * changes and when.
 *
 * @throws KeyFileError if the file is no key file or the passphrase is wrong: the format cannot tell which. Or its secret
 * is too long. Nothing is changed then. DataDirectoryError and the system's errors.
 */
export const importServerSecret = async (
  keyFile: Uint8Array,
  passphrase: Passphrase,
  where: DataDirectoryChoice = {},
): Promise<void> => {
  const secret = decodeKeyFile(keyFile, passphrase);
  if (secret.length > MAX_SECRET_LENGTH) {
    throw new KeyFileError(`its secret has ${secret.length} bytes, and ${MAX_SECRET_LENGTH} are the most`);
  }
  await setServerSecret(secret, where);
};

const configIn = async ({ dataDir = defaultDataDirectory() }: DataDirectoryChoice): Promise<ServiceConfig> =>
  new ServiceConfig(await openDataDirectory(dataDir));
