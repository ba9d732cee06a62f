import type { IdentityDriver, IdentityKey, NamePair } from '../driver/index.js';
import type { FakeContext } from './context.js';
import type { FakeEnumeration } from './enumeration.js';
import { authorityOf, keyPairFor, keyPairFromPkcs8, pkcs8Of, signWith } from './fake-keys.js';
import { HandleTable } from './handle-table.js';
import { IdentityStore, type StoredIdentity } from './identity-store.js';
import { faultOf, type OperationName } from './operations.js';
import { authorityIn, isClassifier, isPeerName, joinPeerName, unsecuredPeerName } from './peer-name.js';
import { isEmptySecret, sealOpen, sealWithPassword, unsealWithPassword } from './sealed-xml.js';

const MAX_FRIENDLY_NAME = 255;
const EXPORT_ROOT = 'PEERIDENTITYEXPORT';
export const IDENTITY_ROOT = 'PEERIDENTITYINFO';

export interface FakeIdentity {
  readonly driver: IdentityDriver;
  readonly store: IdentityStore;
  /** The identity of that name or the default one. @throws PEER_E_NOT_FOUND. */
  resolve(operation: OperationName, identity: string | undefined): StoredIdentity;
  clear(): void;
}

/** @param groupsOf The groups of an identity on this driver. */
export const createIdentity = (
  { gate, ledger, network, nextId }: FakeContext,
  enumeration: FakeEnumeration,
  groupsOf: (identity: string) => readonly NamePair[],
): FakeIdentity => {
  const store = new IdentityStore();
  const keys = new HandleTable<bigint, StoredIdentity>('identity-key', ledger, nextId, (operation) =>
    faultOf(operation, 'E_HANDLE', 'this key was released'),
  );

  const resolve = (operation: OperationName, name: string | undefined): StoredIdentity => {
    if (name === undefined) return store.defaultOr(() => make('identity.getDefault', {}));
    if (!isPeerName(name)) throw faultOf(operation, 'E_INVALIDARG', 'this is no peer name');
    const identity = store.get(name);
    if (identity === undefined) throw faultOf(operation, 'PEER_E_NOT_FOUND', 'no such identity here');
    return identity;
  };

  const checkFriendlyName = (operation: OperationName, name: string): void => {
    if (name.length > MAX_FRIENDLY_NAME)
      throw faultOf(operation, 'E_INVALIDARG', `a friendly name has ${MAX_FRIENDLY_NAME} characters at most`);
  };

  const make = (
    operation: OperationName,
    { classifier, friendlyName, privateKey }: Parameters<IdentityDriver['create']>[0],
  ): StoredIdentity => {
    if (classifier !== undefined && !isClassifier(classifier))
      throw faultOf(operation, 'E_INVALIDARG', 'the classifier is too long');
    checkFriendlyName(operation, friendlyName ?? '');
    const serial = network.nextSerial();
    const pair = privateKey === undefined ? keyPairFor(`identity ${serial}`) : keyPairFromPkcs8(privateKey);
    if (pair === undefined) throw faultOf(operation, 'E_INVALIDARG', 'the private key is no PKCS#8 DER');
    const peerName = joinPeerName(authorityOf(pair.publicKey), classifier);
    if (store.get(peerName) !== undefined) throw faultOf(operation, 'PEER_E_ALREADY_EXISTS');
    const identity = { peerName, friendlyName: orPeerName(friendlyName, peerName), keys: pair };
    store.add(identity);
    return identity;
  };

  const requirePassword = (operation: OperationName, missing: boolean): void => {
    if (missing) throw faultOf(operation, 'E_INVALIDARG', 'the password is empty');
  };

  const driver: IdentityDriver = {
    create: (creation, call) =>
      gate.run('identity.create', call, () => make('identity.create', creation).peerName),

    delete: (name) =>
      gate.run('identity.delete', undefined, () => {
        const { peerName } = resolve('identity.delete', name);
        if (groupsOf(peerName).length > 0) throw faultOf('identity.delete', 'PEER_E_GROUPS_EXIST');
        store.remove(peerName);
      }),

    getDefault: () =>
      gate.run('identity.getDefault', undefined, () => resolve('identity.getDefault', undefined).peerName),

    enumerate: () =>
      gate.run('identity.enumerate', undefined, () =>
        enumeration.list<NamePair>(
          store.all.map(({ peerName, friendlyName }) => ({ peerName, friendlyName })),
        ),
      ),

    enumerateGroups: (name) =>
      gate.run('identity.enumerateGroups', undefined, () =>
        enumeration.list<NamePair>(groupsOf(resolve('identity.enumerateGroups', name).peerName)),
      ),

    getFriendlyName: (name) =>
      gate.run(
        'identity.getFriendlyName',
        undefined,
        () => resolve('identity.getFriendlyName', name).friendlyName,
      ),

    setFriendlyName: (name, friendlyName) =>
      gate.run('identity.setFriendlyName', undefined, () => {
        const identity = resolve('identity.setFriendlyName', name);
        checkFriendlyName('identity.setFriendlyName', friendlyName ?? '');
        identity.friendlyName = orPeerName(friendlyName, identity.peerName);
      }),

    getKey: (name) =>
      gate.run('identity.getKey', undefined, (): IdentityKey => {
        const identity = resolve('identity.getKey', name);
        const handle = keys.open(identity);
        return {
          algorithm: identity.keys.algorithm,
          publicKey: identity.keys.publicKey,
          sign: async (data) => signWith(keys.find('identity.getKey', handle).keys, data),
          release: async () => void keys.close('identity.getKey', handle),
        };
      }),

    getXml: (name) =>
      gate.run('identity.getXml', undefined, () => {
        const { peerName, friendlyName, keys: pair } = resolve('identity.getXml', name);
        const publicKey = Buffer.from(pair.publicKey).toString('base64');
        return sealOpen(IDENTITY_ROOT, peerName, { peerName, friendlyName, publicKey });
      }),

    export: (name, password, call) =>
      gate.run('identity.export', call, () => {
        const { peerName, friendlyName, keys: pair } = resolve('identity.export', name);
        requirePassword('identity.export', isEmptySecret(password));
        const privateKey = Buffer.from(pkcs8Of(pair)).toString('base64');
        return sealWithPassword(password, EXPORT_ROOT, peerName, { peerName, friendlyName, privateKey });
      }),

    import: (xml, password, call) =>
      gate.run('identity.import', call, () => {
        requirePassword('identity.import', isEmptySecret(password));
        const { peerName, friendlyName, privateKey } = unsealWithPassword(password, EXPORT_ROOT, xml) ?? {};
        const pair =
          typeof privateKey === 'string' ? keyPairFromPkcs8(Buffer.from(privateKey, 'base64')) : undefined;
        if (typeof peerName !== 'string' || typeof friendlyName !== 'string' || pair === undefined)
          throw faultOf('identity.import', 'E_INVALIDARG', 'wrong password, or the text was changed');
        if (store.get(peerName) !== undefined) throw faultOf('identity.import', 'PEER_E_ALREADY_EXISTS');
        store.add({ peerName, friendlyName, keys: pair });
        return peerName;
      }),

    createPeerName: (name, classifier) =>
      gate.run('identity.createPeerName', undefined, () => {
        const operation = 'identity.createPeerName';
        if (name !== undefined && !isPeerName(name))
          throw faultOf(operation, 'E_INVALIDARG', 'this is no peer name');
        if (classifier !== undefined && !isClassifier(classifier))
          throw faultOf(operation, 'E_INVALIDARG', 'the classifier is too long');
        if (name !== undefined) return joinPeerName(authorityIn(name), classifier);
        if (classifier === undefined)
          throw faultOf(operation, 'E_INVALIDARG', 'neither identity nor classifier');
        return unsecuredPeerName(classifier);
      }),
  };

  return { driver, store, resolve, clear: () => keys.clear() };
};

const orPeerName = (friendlyName: string | undefined, peerName: string): string =>
  friendlyName === undefined || friendlyName === '' ? peerName : friendlyName;
