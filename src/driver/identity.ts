import type { CallOptions, SecretText } from './call.js';
import type { EnumerationHandle } from './handles.js';

/** An identity or group in a listing. */
export interface NamePair {
  readonly peerName: string;
  readonly friendlyName: string;
}

/** What PeerIdentityCreate takes; all of it may be left out. */
export interface IdentityCreation {
  readonly classifier?: string | undefined;
  /** 255 characters at most; without it the peer name serves. */
  readonly friendlyName?: string | undefined;
  /** An existing private key, PKCS#8 DER, instead of a new one. */
  readonly privateKey?: Uint8Array | undefined;
}

/** The key pair of an identity as far as it may leave the driver. */
export interface IdentityKey {
  readonly algorithm: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** Signs with the private key, which itself stays where it is. */
  sign(data: Uint8Array): Promise<Uint8Array>;
  /** Releases the key (CryptReleaseContext on Windows). */
  release(): Promise<void>;
}

/** The identity family. An omitted identity means the default one. */
export interface IdentityDriver {
  /** PeerIdentityCreate. @returns the peer name. */
  create(creation: IdentityCreation, call?: CallOptions): Promise<string>;
  /** PeerIdentityDelete. PEER_E_GROUPS_EXIST while the identity has groups. */
  delete(identity: string): Promise<void>;
  /** PeerIdentityGetDefault; made on demand. */
  getDefault(): Promise<string>;
  /** PeerEnumIdentities. */
  enumerate(): Promise<EnumerationHandle<NamePair>>;
  /** PeerEnumGroups: the groups of one identity. */
  enumerateGroups(identity: string | undefined): Promise<EnumerationHandle<NamePair>>;
  /** PeerIdentityGetFriendlyName. */
  getFriendlyName(identity: string | undefined): Promise<string>;
  /** PeerIdentitySetFriendlyName; `undefined` or empty resets it to the peer name. */
  setFriendlyName(identity: string | undefined, friendlyName: string | undefined): Promise<void>;
  /** PeerIdentityGetCryptKey. */
  getKey(identity: string | undefined): Promise<IdentityKey>;
  /** PeerIdentityGetXML: the public description that goes into an invitation. */
  getXml(identity: string | undefined): Promise<string>;
  /** PeerIdentityExport: a copy under a password, without group credentials. */
  export(identity: string, password: SecretText, call?: CallOptions): Promise<string>;
  /** PeerIdentityImport. E_INVALIDARG for a wrong password or a changed byte. @returns the peer name. */
  import(xml: string, password: SecretText, call?: CallOptions): Promise<string>;
  /** PeerCreatePeerName: pure composition; one of the two may be missing, not both. */
  createPeerName(identity: string | undefined, classifier: string | undefined): Promise<string>;
}
