import type { KeyObject } from 'node:crypto';
import { rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CallOptions, Clock, NamePair } from '../../../driver/index.js';
import { INFINITE_VALIDITY_MS, wholeSeconds } from '../certificates/certificate.js';
import { issueCertificate } from '../certificates/issue.js';
import { exportPrivateKey, importPrivateKey, publicKeyOf, type RandomSource } from '../crypto/keys.js';
import { Malformed } from '../documents/malformed.js';
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
import { decodeIdentity, type Identity } from './identity-record.js';
import { encodeName } from './name-record.js';
import { DamagedRecord, encodeRecord } from './record.js';
import { groupNameIn, identityNameIn } from './recovered-name.js';

/** Identities in one data directory. Processes that create at the same moment may exceed it by their number. */
export const MAX_IDENTITIES = 1024;

const DEFAULT = 'default';
const NAME = 'name.rec';
const RECORD = 'identity.rec';
const KEY = 'key.p8';
const GROUPS = 'groups';

const MEND = 'Set the friendly name of the identity (setFriendlyName), which writes them anew.';
const REIMPORT = 'Delete the identity and import it again from an export.';

export interface NewIdentity {
  readonly peerName: string;
  readonly friendlyName: string;
  readonly key: KeyObject;
}

/**
 * Identities on disk, one directory each:
 *
 *     identities/<SHA-256 of the peer name, or "default">/
 *       name.rec       the peer name, apart because it never changes and tells what is damaged
 *       identity.rec   friendly name and certificate
 *       key.p8         private key, PKCS#8
 *       groups/        one directory for each group
 *
 * An identity exists as long as its `groups` does. Removing that directory, which fails unless it is empty, is the
 * moment of deletion: a group that is being created then finds no place to go to.
 */
export class IdentityStore {
  readonly #data: DataDirectory;
  readonly #clock: Clock;
  readonly #random: RandomSource;

  constructor(data: DataDirectory, clock: Clock, random: RandomSource) {
    this.#data = data;
    this.#clock = clock;
    this.#random = random;
  }

  /** Stores a new identity. @returns false if it exists already. */
  async create(identity: NewIdentity, call?: CallOptions): Promise<boolean> {
    if ((await this.#locate(identity.peerName)) !== undefined) return false;
    return this.#publish(this.#ownDirectory(identity.peerName), identity, call);
  }

  /** Stores the default identity; `undefined` if somebody else was faster. */
  async createDefault(identity: NewIdentity): Promise<boolean> {
    return this.#publish(join(this.#data.identities, DEFAULT), identity);
  }

  /** The peer name of the default identity, `undefined` if there is none. */
  async findDefault(): Promise<string | undefined> {
    return this.#nameIn(join(this.#data.identities, DEFAULT));
  }

  /** PEER_E_NOT_FOUND if there is none of that name, PEER_E_CERT_STORE_CORRUPTED if its files are damaged. */
  async read(peerName: string): Promise<Identity> {
    const directory = await this.#require(peerName);
    return this.#guardDamage(peerName, MEND, async () => {
      const identity = await decodeIdentity(await readIfPresent(join(directory, RECORD)));
      if (identity.peerName !== peerName) throw new DamagedRecord('it is about another identity');
      return identity;
    });
  }

  /** The private key. PEER_E_NO_KEY_ACCESS if it may not be read. */
  async readKey(peerName: string): Promise<KeyObject> {
    const path = join(await this.#require(peerName), KEY);
    const pkcs8 = await readIfPresent(path).catch((cause: unknown) => {
      if (cause instanceof DamagedRecord)
        return this.#guardDamage(peerName, REIMPORT, () => Promise.reject(cause));
      throw new Refusal(
        'PEER_E_NO_KEY_ACCESS',
        `the private key of ${peerName} cannot be read (${path})`,
        cause,
      );
    });
    return this.#guardDamage(peerName, REIMPORT, () => {
      if (pkcs8 === undefined) throw new DamagedRecord(`${KEY} is missing`);
      try {
        const key = importPrivateKey(pkcs8);
        if (!isNameOf(peerName, publicKeyOf(key))) throw new DamagedRecord(`${KEY} holds another key`);
        return key;
      } catch (error) {
        throw error instanceof Refusal ? new DamagedRecord(`${KEY}: ${error.message}`) : error;
      } finally {
        pkcs8.fill(0);
      }
    });
  }

  /** Gives an identity another friendly name and the certificate that says so. */
  async rename(peerName: string, friendlyName: string): Promise<void> {
    const directory = await this.#require(peerName);
    const key = await this.readKey(peerName);
    await this.#data.replaceFile(
      join(directory, RECORD),
      await this.#encode({ peerName, friendlyName, key }),
    );
  }

  /** All identities, the damaged ones under their bare names: they must stay visible to be deleted. */
  async list(): Promise<NamePair[]> {
    const pairs: NamePair[] = [];
    for (const entry of await listDirectory(this.#data.identities)) {
      const peerName = await this.#nameIn(join(this.#data.identities, entry));
      if (peerName !== undefined) pairs.push(await this.#describe(peerName));
    }
    return pairs;
  }

  /** PEER_E_GROUPS_EXIST while there are groups, PEER_E_NOT_FOUND if there is no such identity. */
  async delete(peerName: string): Promise<void> {
    const directory = await this.#require(peerName);
    try {
      await rmdir(join(directory, GROUPS));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') {
        throw await this.#whatIsLeft(peerName, join(directory, GROUPS), error);
      }
    }
    await this.#data.remove(directory);
  }

  /** Where the groups of an identity are. PEER_E_NOT_FOUND if there is no such identity. */
  async groupsDirectory(peerName: string): Promise<string> {
    return join(await this.#require(peerName), GROUPS);
  }

  async #publish(directory: string, identity: NewIdentity, call?: CallOptions): Promise<boolean> {
    this.#data.prepare();
    if ((await listDirectory(this.#data.identities)).length >= MAX_IDENTITIES)
      throw new Refusal('PEER_E_TOO_MANY_IDENTITIES', `${MAX_IDENTITIES} identities are the limit`);
    // Of an identity whose deletion was cut short, clear away the rest.
    if ((await exists(directory)) && !(await exists(join(directory, GROUPS))))
      await this.#data.remove(directory);
    const pkcs8 = exportPrivateKey(identity.key);
    try {
      const files = {
        [NAME]: encodeName(identity.peerName),
        [RECORD]: await this.#encode(identity),
        [KEY]: pkcs8,
      };
      return await this.#data.publish(directory, files, [GROUPS], () => stopIfAborted(call));
    } finally {
      pkcs8.fill(0);
    }
  }

  async #encode({ peerName, friendlyName, key }: NewIdentity): Promise<Uint8Array> {
    const validFrom = wholeSeconds(this.#clock.now());
    const certificate = await issueCertificate(
      {
        kind: 'identity',
        subject: peerName,
        subjectFriendlyName: friendlyName,
        publicKey: publicKeyOf(key),
        validFrom,
        validTo: validFrom + INFINITE_VALIDITY_MS,
      },
      key,
      this.#random,
    );
    return encodeRecord('identity', {
      friendlyName,
      certificate: Buffer.from(certificate).toString('base64'),
    });
  }

  async #describe(peerName: string): Promise<NamePair> {
    try {
      const { friendlyName } = await this.read(peerName);
      return { peerName, friendlyName };
    } catch (error) {
      if (error instanceof Refusal) return { peerName, friendlyName: peerName };
      throw error;
    }
  }

  /** The name of the identity in a directory, unless it is being deleted or its name is beyond recognition. */
  async #nameIn(directory: string): Promise<string | undefined> {
    if (!(await exists(join(directory, GROUPS)))) return undefined;
    // The default identity's directory is not named after it.
    return basename(directory) === DEFAULT
      ? identityNameIn(directory, () => true)
      : identityNameIn(directory);
  }

  /** Why the directory of the groups cannot go. */
  async #whatIsLeft(peerName: string, groups: string, error: unknown): Promise<unknown> {
    const entries = (await listDirectory(groups)).map((entry) => join(groups, entry));
    if (entries.length === 0) return error;
    for (const entry of entries)
      if ((await groupNameIn(entry)) !== undefined)
        return new Refusal('PEER_E_GROUPS_EXIST', `${peerName} still has groups; delete them first`, error);
    return new Refusal(
      'PEER_E_GROUPS_EXIST',
      `among the groups of ${peerName} there is what is no group or damaged beyond recognition; move it away: ${entries.join(', ')}`,
      error,
    );
  }

  #ownDirectory(peerName: string): string {
    return join(this.#data.identities, directoryNameFor(peerName));
  }

  async #locate(peerName: string): Promise<string | undefined> {
    const own = this.#ownDirectory(peerName);
    if (await exists(join(own, GROUPS))) return own;
    return (await this.findDefault()) === peerName ? join(this.#data.identities, DEFAULT) : undefined;
  }

  async #require(peerName: string): Promise<string> {
    const directory = await this.#locate(peerName);
    if (directory === undefined)
      throw new Refusal('PEER_E_NOT_FOUND', `there is no identity ${peerName} in this data directory`);
    return directory;
  }

  async #guardDamage<Result>(
    peerName: string,
    remedy: string,
    work: () => Promise<Result> | Result,
  ): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DamagedRecord || error instanceof Malformed)) throw error;
      // A deletion that happens while we read looks like missing files.
      await this.#require(peerName);
      throw new Refusal(
        'PEER_E_CERT_STORE_CORRUPTED',
        `the files of identity ${peerName} are damaged (${error.message})`,
        error,
        remedy,
      );
    }
  }
}
