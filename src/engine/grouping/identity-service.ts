import type { KeyObject } from 'node:crypto';
import { sign } from 'node:crypto';
import { promisify } from 'node:util';
import type {
  CallOptions,
  EnumerationHandle,
  IdentityCreation,
  IdentityKey,
  NamePair,
  SecretText,
} from '../../driver/index.js';
import {
  exportPrivateKey,
  generateKey,
  importPrivateKey,
  publicKeyOf,
  type RandomSource,
} from './crypto/keys.js';
import { refuseEmptyPassword } from './crypto/password.js';
import { seal, unseal } from './crypto/sealed-box.js';
import {
  readIdentityExport,
  writeIdentityExport,
  writeIdentityInfo,
} from './documents/identity-documents.js';
import { refuseMalformed } from './documents/malformed.js';
import type { Enumerations } from './enumerations.js';
import {
  authorityOf,
  checkText,
  composePeerName,
  isNameOf,
  MAX_CLASSIFIER_LENGTH,
  MAX_FRIENDLY_NAME_LENGTH,
  parsePeerName,
  UNSECURED,
} from './names.js';
import { Refusal, stopIfAborted, toFault } from './refusal.js';
import type { GroupStore } from './storage/group-store.js';
import type { IdentityStore } from './storage/identity-store.js';

const signAsync = promisify<null, Uint8Array, KeyObject, Buffer>(sign);

const checkFriendlyName = (friendlyName: string): string =>
  checkText('E_INVALIDARG', 'the friendly name', friendlyName, MAX_FRIENDLY_NAME_LENGTH);

const sealContext = (peerName: string): string => `peerweave identity export\0${peerName}`;

/** What is sealed in an export: length of the friendly name, 16 bits big-endian; the name, UTF-8; the key, PKCS#8. */
const packIdentity = (friendlyName: string, pkcs8: Uint8Array): Buffer => {
  const name = Buffer.from(friendlyName);
  return Buffer.concat([Buffer.from([name.length >> 8, name.length & 0xff]), name, pkcs8]);
};

const unpackIdentity = (packed: Buffer): { friendlyName: string; key: KeyObject } => {
  if (packed.length < 2) throw new Refusal('E_INVALIDARG', 'the exported identity is cut short');
  const end = 2 + packed.readUInt16BE(0);
  return { friendlyName: packed.toString('utf8', 2, end), key: importPrivateKey(packed.subarray(end)) };
};

interface IdentityServiceOptions {
  readonly identities: IdentityStore;
  readonly groups: GroupStore;
  readonly enumerations: Enumerations;
  readonly random: RandomSource;
}

/** What the engine does for identities; refuses by {@link Refusal}. */
export class IdentityService {
  readonly #identities: IdentityStore;
  readonly #groups: GroupStore;
  readonly #enumerations: Enumerations;
  readonly #random: RandomSource;

  constructor({ identities, groups, enumerations, random }: IdentityServiceOptions) {
    this.#identities = identities;
    this.#groups = groups;
    this.#enumerations = enumerations;
    this.#random = random;
  }

  async create(creation: IdentityCreation, call?: CallOptions): Promise<string> {
    const classifier = checkText(
      'E_INVALIDARG',
      'the classifier',
      creation.classifier ?? '',
      MAX_CLASSIFIER_LENGTH,
    );
    const friendlyName = checkFriendlyName(creation.friendlyName ?? '');
    const key =
      creation.privateKey === undefined ? generateKey(this.#random) : importPrivateKey(creation.privateKey);
    const peerName = composePeerName(authorityOf(publicKeyOf(key)), classifier);
    await this.#store({ peerName, friendlyName, key }, call);
    return peerName;
  }

  /** The named identity, or the default one, which is made on demand. */
  async resolve(identity: string | undefined): Promise<string> {
    return identity ?? this.getDefault();
  }

  async getDefault(): Promise<string> {
    const existing = await this.#identities.findDefault();
    if (existing !== undefined) return existing;
    const key = generateKey(this.#random);
    const peerName = composePeerName(authorityOf(publicKeyOf(key)));
    if (await this.#identities.createDefault({ peerName, friendlyName: peerName, key })) return peerName;
    const faster = await this.#identities.findDefault();
    if (faster === undefined)
      throw new Refusal(
        'PEER_E_CERT_STORE_CORRUPTED',
        'neither the name of the default identity nor its key can be read',
        undefined,
        'Restore the files in grouping/identities/default of the data directory from a copy. As a last resort move that directory away, and the groups of the identity with it.',
      );
    return faster;
  }

  async enumerate(): Promise<EnumerationHandle<NamePair>> {
    return this.#enumerations.open(await this.#identities.list());
  }

  async enumerateGroups(identity: string | undefined): Promise<EnumerationHandle<NamePair>> {
    return this.#enumerations.open(await this.#groups.list(await this.resolve(identity)));
  }

  async delete(identity: string): Promise<void> {
    await this.#identities.delete(identity);
  }

  async getFriendlyName(identity: string | undefined): Promise<string> {
    const { friendlyName } = await this.#identities.read(await this.resolve(identity));
    return friendlyName;
  }

  async setFriendlyName(identity: string | undefined, friendlyName: string | undefined): Promise<void> {
    const checked = checkFriendlyName(friendlyName ?? '');
    const peerName = await this.resolve(identity);
    await this.#identities.rename(peerName, checked === '' ? peerName : checked);
  }

  async getKey(identity: string | undefined): Promise<IdentityKey> {
    let key: KeyObject | undefined = await this.#identities.readKey(await this.resolve(identity));
    return {
      algorithm: 'Ed25519',
      publicKey: publicKeyOf(key),
      sign: async (data) => {
        const operation = 'identity.sign';
        if (key === undefined) throw toFault(operation, new Refusal('E_HANDLE', 'the key has been released'));
        try {
          return new Uint8Array(await signAsync(null, data, key));
        } catch (error) {
          throw toFault(operation, error);
        }
      },
      release: async () => {
        key = undefined;
      },
    };
  }

  async getXml(identity: string | undefined): Promise<string> {
    const { certificate } = await this.#identities.read(await this.resolve(identity));
    return writeIdentityInfo(certificate);
  }

  async export(peerName: string, password: SecretText, call?: CallOptions): Promise<string> {
    refuseEmptyPassword(password);
    const { friendlyName } = await this.#identities.read(peerName);
    const pkcs8 = exportPrivateKey(await this.#identities.readKey(peerName));
    const packed = packIdentity(friendlyName, pkcs8);
    try {
      stopIfAborted(call);
      const data = await seal(packed, password, sealContext(peerName), this.#random);
      return writeIdentityExport({ peerName, data });
    } finally {
      packed.fill(0);
      pkcs8.fill(0);
    }
  }

  async import(xml: string, password: SecretText, call?: CallOptions): Promise<string> {
    const { peerName, data } = await refuseMalformed('E_INVALIDARG', 'the identity export', () =>
      readIdentityExport(xml),
    );
    const packed = await unseal(data, password, sealContext(peerName));
    try {
      const { friendlyName, key } = unpackIdentity(packed);
      if (!isNameOf(peerName, publicKeyOf(key)))
        throw new Refusal('E_INVALIDARG', `the exported key is not that of ${peerName}`);
      await this.#store({ peerName, friendlyName: checkFriendlyName(friendlyName), key }, call);
      return peerName;
    } finally {
      packed.fill(0);
    }
  }

  createPeerName(identity: string | undefined, classifier: string | undefined): string {
    if (identity === undefined && classifier === undefined)
      throw new Refusal('E_INVALIDARG', 'a peer name needs an identity, a classifier or both');
    const checked =
      classifier === undefined
        ? undefined
        : checkText('E_INVALIDARG', 'the classifier', classifier, MAX_CLASSIFIER_LENGTH);
    if (identity === undefined) return composePeerName(UNSECURED, checked);
    const name = parsePeerName(identity);
    if (name === undefined) throw new Refusal('E_INVALIDARG', `'${identity}' is no peer name`);
    return composePeerName(name.authority, checked);
  }

  async #store(
    { peerName, friendlyName, key }: { peerName: string; friendlyName: string; key: KeyObject },
    call?: CallOptions,
  ): Promise<void> {
    const named = { peerName, friendlyName: friendlyName === '' ? peerName : friendlyName, key };
    if (!(await this.#identities.create(named, call)))
      throw new Refusal('PEER_E_ALREADY_EXISTS', `identity ${peerName} exists already`);
  }
}
