import type { KeyObject } from 'node:crypto';
import type { GroupHandle, ImportedGroup, SecretText } from '../../driver/index.js';
import { chainFromDer } from './certificates/chain.js';
import type { GroupingContext } from './context.js';
import { exportPrivateKey, importPrivateKey, publicKeyOf } from './crypto/keys.js';
import { refuseEmptyPassword } from './crypto/password.js';
import { seal, unseal } from './crypto/sealed-box.js';
import { readGroupConfig, writeGroupConfig, type GroupConfig } from './documents/group-documents.js';
import { refuseMalformed } from './documents/malformed.js';
import { isNameOf } from './names.js';
import { Refusal } from './refusal.js';
import { decodeGroup, encodeGroup, type StoredGroup } from './storage/stored-group.js';
import { DamagedRecord } from './storage/record.js';

const sealContext = ({ identity, groupPeerName, cloud }: Omit<GroupConfig, 'membership'>): string =>
  ['peerweave group configuration', identity, groupPeerName, cloud].join('\0');

/** What is sealed: length of the record, 32 bits big-endian; the record; the group's key, PKCS#8, if there is one. */
const packGroup = (group: StoredGroup, pkcs8: Uint8Array): Buffer => {
  const record = encodeGroup(group);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(record.length);
  return Buffer.concat([length, record, pkcs8]);
};

const unpackGroup = (packed: Buffer): { group: StoredGroup; key: KeyObject | undefined } => {
  if (packed.length < 4) throw new DamagedRecord('it is cut short');
  const end = 4 + packed.readUInt32BE(0);
  const pkcs8 = packed.subarray(end);
  return {
    group: decodeGroup(packed.subarray(4, end)),
    key: pkcs8.length === 0 ? undefined : importPrivateKey(pkcs8),
  };
};

/** PeerGroupExportConfig: the membership, and at the creator the group's key, for the same identity elsewhere. */
export const exportConfig = async (
  { openGroups, groupStore, random }: GroupingContext,
  handle: GroupHandle,
  password: SecretText,
): Promise<string> => {
  refuseEmptyPassword(password);
  const group = await openGroups.read(handle);
  const key = await groupStore.findKey(group.identity, group.groupPeerName);
  const pkcs8 = key === undefined ? Buffer.alloc(0) : exportPrivateKey(key);
  const packed = packGroup(group, pkcs8);
  try {
    const membership = await seal(packed, password, sealContext(group), random);
    return writeGroupConfig({ ...group, membership });
  } finally {
    packed.fill(0);
    pkcs8.fill(0);
  }
};

/** Refuses a configuration whose sealed part is not about what its outside says. */
const checkContent = async (
  config: GroupConfig,
  group: StoredGroup,
  key: KeyObject | undefined,
): Promise<void> => {
  const agrees =
    group.identity === config.identity &&
    group.groupPeerName === config.groupPeerName &&
    group.cloud === config.cloud &&
    (key === undefined || isNameOf(group.groupPeerName, publicKeyOf(key)));
  if (!agrees) throw new Refusal('E_INVALIDARG', 'the configuration contradicts itself');
  if (group.chain.length === 0) return;
  const { root, leaf } = await refuseMalformed('E_INVALIDARG', 'the membership', () =>
    chainFromDer(group.chain),
  );
  if (root.subject !== group.groupPeerName || leaf.subject !== group.identity)
    throw new Refusal('E_INVALIDARG', 'the membership in the configuration is of another group or identity');
};

const openConfig = async (
  config: GroupConfig,
  password: SecretText,
): Promise<{ group: StoredGroup; key: KeyObject | undefined }> => {
  const packed = await unseal(config.membership, password, sealContext(config));
  try {
    return unpackGroup(packed);
  } catch (error) {
    if (error instanceof DamagedRecord)
      throw new Refusal('E_INVALIDARG', `the configuration cannot be read: ${error.message}`, error);
    throw error;
  } finally {
    packed.fill(0);
  }
};

const requireIdentity = async ({ identityStore }: GroupingContext, identity: string): Promise<void> => {
  try {
    await identityStore.read(identity);
  } catch (error) {
    if (error instanceof Refusal && error.symbol === 'PEER_E_NOT_FOUND')
      throw new Refusal('PEER_E_IDENTITY_NOT_FOUND', `import identity ${identity} first`, error);
    throw error;
  }
};

/** The group that is to be replaced: what is damaged, too, as this is how to mend it. */
const findToReplace = async (
  groupStore: GroupingContext['groupStore'],
  { identity, groupPeerName }: StoredGroup,
): Promise<StoredGroup | 'damaged' | undefined> => {
  try {
    return await groupStore.find(identity, groupPeerName);
  } catch (error) {
    if (error instanceof Refusal && error.symbol === 'PEER_E_CERT_STORE_CORRUPTED') return 'damaged';
    throw error;
  }
};

/** PeerGroupImportConfig. */
export const importConfig = async (
  context: GroupingContext,
  xml: string,
  password: SecretText,
  overwrite: boolean,
): Promise<ImportedGroup> => {
  const { openGroups, groupStore } = context;
  openGroups.requireStarted();
  const config = await refuseMalformed('E_INVALIDARG', 'the configuration', () => readGroupConfig(xml));
  const { group, key } = await openConfig(config, password);
  await checkContent(config, group, key);
  const { identity, groupPeerName } = group;
  await requireIdentity(context, identity);

  const instance = Buffer.from(context.random(16)).toString('hex');
  if (await groupStore.create({ ...group, instance }, key)) return { identity, groupPeerName };
  if (!overwrite)
    throw new Refusal(
      'PEER_E_ALREADY_EXISTS',
      `${identity} has a configuration of group ${groupPeerName} already`,
    );
  const known = await findToReplace(groupStore, group);
  if (known === undefined)
    throw new Refusal('ERROR_DELETE_PENDING', 'the group is being deleted at this moment; import again');
  if (key !== undefined) await groupStore.addKey(group, key);
  await groupStore.replace({ ...group, instance: known === 'damaged' ? instance : known.instance });
  return { identity, groupPeerName };
};
