import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { CallOptions, NamePair } from '../../../driver/index.js';
import { exportPrivateKey, importPrivateKey, publicKeyOf } from '../crypto/keys.js';
import { isNameOf } from '../names.js';
import { systemCode } from '../../system-code.js';
import { Refusal, stopIfAborted } from '../refusal.js';
import {
  directoryNameFor,
  exists,
  listDirectory,
  readIfPresent,
  type DataDirectory,
} from './data-directory.js';
import { decodeGroup, encodeGroup, type StoredGroup } from './stored-group.js';
import type { IdentityStore } from './identity-store.js';
import { encodeName } from './name-record.js';
import { DamagedRecord } from './record.js';
import { groupNameIn } from './recovered-name.js';

const NAME = 'name.rec';
const RECORD = 'group.rec';
const KEY = 'group-key.p8';

/** What to do about a group whose files are damaged. */
export const MEND_GROUP =
  'Import its configuration with overwrite, or delete the group and join again by an invitation.';

/**
 * Groups on disk, one directory each within that of the identity:
 *
 *     groups/<SHA-256 of the group's peer name>/
 *       name.rec       the group's peer name
 *       group.rec      membership and properties
 *       group-key.p8   the group's private key, PKCS#8; at its creator only
 */
export class GroupStore {
  readonly #data: DataDirectory;
  readonly #identities: IdentityStore;

  constructor(data: DataDirectory, identities: IdentityStore) {
    this.#data = data;
    this.#identities = identities;
  }

  /** Stores a new group, with its key if this is its creator. @returns false if it exists already. */
  async create(group: StoredGroup, key: KeyObject | undefined, call?: CallOptions): Promise<boolean> {
    const directory = await this.#directory(group.identity, group.groupPeerName);
    const pkcs8 = key === undefined ? undefined : exportPrivateKey(key);
    const files = {
      [NAME]: encodeName(group.groupPeerName),
      [RECORD]: encodeGroup(group),
      ...(pkcs8 === undefined ? {} : { [KEY]: pkcs8 }),
    };
    try {
      this.#data.prepare();
      return await this.#data.publish(directory, files, [], () => stopIfAborted(call));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      throw new Refusal('ERROR_DELETE_PENDING', `identity ${group.identity} is being deleted`, error);
    } finally {
      pkcs8?.fill(0);
    }
  }

  /** `undefined` if this identity has no such group; PEER_E_CERT_STORE_CORRUPTED if its files are damaged. */
  async find(identity: string, groupPeerName: string): Promise<StoredGroup | undefined> {
    const directory = await this.#directory(identity, groupPeerName);
    if (!(await exists(directory))) return undefined;
    return this.#guardDamage(directory, groupPeerName, async () => {
      const group = decodeGroup(await readIfPresent(join(directory, RECORD)));
      if (group.groupPeerName !== groupPeerName || group.identity !== identity)
        throw new DamagedRecord('it is about another group');
      return group;
    });
  }

  /** The group's private key, `undefined` unless this identity created it. PEER_E_NO_KEY_ACCESS if it may not be read. */
  async findKey(identity: string, groupPeerName: string): Promise<KeyObject | undefined> {
    const directory = await this.#directory(identity, groupPeerName);
    const path = join(directory, KEY);
    const pkcs8 = await readIfPresent(path).catch((cause: unknown) => {
      if (cause instanceof DamagedRecord)
        return this.#guardDamage(directory, groupPeerName, () => Promise.reject(cause));
      throw new Refusal(
        'PEER_E_NO_KEY_ACCESS',
        `the key of group ${groupPeerName} cannot be read (${path})`,
        cause,
      );
    });
    if (pkcs8 === undefined) return undefined;
    return this.#guardDamage(directory, groupPeerName, () => {
      try {
        const key = importPrivateKey(pkcs8);
        if (!isNameOf(groupPeerName, publicKeyOf(key))) throw new DamagedRecord(`${KEY} holds another key`);
        return key;
      } catch (error) {
        throw error instanceof Refusal ? new DamagedRecord(`${KEY}: ${error.message}`) : error;
      } finally {
        pkcs8.fill(0);
      }
    });
  }

  /** Replaces what is known of a group. PEER_E_INVALID_GROUP if it has been deleted. */
  async update(group: StoredGroup): Promise<void> {
    const directory = await this.#directory(group.identity, group.groupPeerName);
    await this.#replace(directory, RECORD, encodeGroup(group));
  }

  /** Writes everything about a group anew but its key. PEER_E_INVALID_GROUP if it has been deleted. */
  async replace(group: StoredGroup): Promise<void> {
    const directory = await this.#directory(group.identity, group.groupPeerName);
    await this.#replace(directory, NAME, encodeName(group.groupPeerName));
    await this.#replace(directory, RECORD, encodeGroup(group));
  }

  /** Adds the group's private key to a group that is stored already. */
  async addKey(group: StoredGroup, key: KeyObject): Promise<void> {
    const pkcs8 = exportPrivateKey(key);
    try {
      await this.#replace(await this.#directory(group.identity, group.groupPeerName), KEY, pkcs8);
    } finally {
      pkcs8.fill(0);
    }
  }

  /** @returns false if this identity has no such group. */
  async delete(identity: string, groupPeerName: string): Promise<boolean> {
    return this.#data.remove(await this.#directory(identity, groupPeerName));
  }

  /** Where the groups of an identity lie. */
  directoryOf(identity: string): Promise<string> {
    return this.#identities.groupsDirectory(identity);
  }

  /** The groups of an identity, the damaged ones under their bare names: they must stay visible to be deleted. */
  async list(identity: string): Promise<NamePair[]> {
    const parent = await this.#identities.groupsDirectory(identity);
    const pairs: NamePair[] = [];
    for (const entry of await listDirectory(parent)) {
      const peerName = await groupNameIn(join(parent, entry));
      if (peerName === undefined) continue;
      const pair = await this.#describe(identity, peerName);
      if (pair !== undefined) pairs.push(pair);
    }
    return pairs;
  }

  async #describe(identity: string, peerName: string): Promise<NamePair | undefined> {
    try {
      const group = await this.find(identity, peerName);
      return group === undefined ? undefined : { peerName, friendlyName: group.friendlyName };
    } catch (error) {
      if (error instanceof Refusal) return { peerName, friendlyName: peerName };
      throw error;
    }
  }

  async #replace(directory: string, name: string, bytes: Uint8Array): Promise<void> {
    try {
      await this.#data.replaceFile(join(directory, name), bytes);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      throw new Refusal('PEER_E_INVALID_GROUP', 'the group has been deleted', error);
    }
  }

  async #directory(identity: string, groupPeerName: string): Promise<string> {
    return join(await this.#identities.groupsDirectory(identity), directoryNameFor(groupPeerName));
  }

  async #guardDamage<Result>(
    directory: string,
    groupPeerName: string,
    work: () => Promise<Result> | Result,
  ): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DamagedRecord)) throw error;
      // A deletion that happens while we read looks like missing files.
      if (!(await exists(directory))) return undefined;
      throw new Refusal(
        'PEER_E_CERT_STORE_CORRUPTED',
        `the files of group ${groupPeerName} are damaged (${error.message})`,
        error,
        MEND_GROUP,
      );
    }
  }
}
