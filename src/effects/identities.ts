import type { IdentityKey, NamePair } from '../driver/index.js';
import { checked, type EffectOptions, fromDriver, orThrow, type PeerEffect } from './effect.js';
import type { ListingSource } from './listing.js';
import { identityCreation, type IdentityInput, peerNameParts } from './validate/identity-creation.js';
import { opaqueXml } from './validate/invitation.js';
import { friendlyName as friendlyNameRule, peerName } from './validate/names.js';
import { object } from './validate/object.js';
import { optional } from './validate/rule.js';
import { secret, type SecretInput } from './validate/secret-input.js';
import { validate } from './validate/validate.js';
import { wiping } from './wiping.js';

/**
 * Creates an identity: a key pair under a peer name, kept on this machine. Answers the peer name.
 *
 * Use one per person or role; it owns and joins groups. It lasts until `deleteIdentity`.
 * Errors: `AlreadyExists` for the same key and classifier. Source: PeerIdentityCreate.
 *
 * @example
 * ```ts
 * import { createEnv, createIdentity, orThrow } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const env = createEnv({ driver: createFakeDriver() });
 * console.log(orThrow(await createIdentity({ classifier: 'alice', friendlyName: 'Alice' })(env)()));
 * ```
 */
export const createIdentity = (input: IdentityInput = {}, options: EffectOptions = {}): PeerEffect<string> =>
  checked('createIdentity', identityCreation, input, (creation) =>
    fromDriver('createIdentity', ({ driver }) =>
      driver.identity.create(creation, { signal: options.signal }),
    ),
  );

/** Deletes an identity and its keys. Errors: `NotReady` while it has groups. Source: PeerIdentityDelete. */
export const deleteIdentity = (identity: string): PeerEffect<void> =>
  checked('deleteIdentity', peerName, identity, (valid) =>
    fromDriver('deleteIdentity', ({ driver }) => driver.identity.delete(valid)),
  );

/** The identity that is meant where none is named; made on demand. Source: PeerIdentityGetDefault. */
export const getDefaultIdentity = (): PeerEffect<string> =>
  fromDriver('getDefaultIdentity', ({ driver }) => driver.identity.getDefault());

/** The identities of this user. Source: PeerEnumIdentities. */
export const identities = (): ListingSource<NamePair> => ({
  operation: 'identities',
  parent: () => undefined,
  open: ({ identity }) => identity.enumerate(),
});

/** The groups of an identity, of the default one unless given. Source: PeerEnumGroups. */
export const groupsOf = (identity?: string): ListingSource<NamePair> => ({
  operation: 'groupsOf',
  parent: () => undefined,
  open: async (driver) =>
    driver.identity.enumerateGroups(orThrow(validate(optional(peerName), identity, 'groupsOf'))),
});

/** What an identity shows as its name. Source: PeerIdentityGetFriendlyName. */
export const getFriendlyName = (identity?: string): PeerEffect<string> =>
  checked('getFriendlyName', optional(peerName), identity, (valid) =>
    fromDriver('getFriendlyName', ({ driver }) => driver.identity.getFriendlyName(valid)),
  );

/** Changes it; `undefined` goes back to the peer name. Source: PeerIdentitySetFriendlyName. */
export const setFriendlyName = (friendlyName: string | undefined, identity?: string): PeerEffect<void> =>
  checked('setFriendlyName', FRIENDLY_NAME, { friendlyName, identity }, (valid) =>
    fromDriver('setFriendlyName', ({ driver }) =>
      driver.identity.setFriendlyName(valid.identity, valid.friendlyName),
    ),
  );

const FRIENDLY_NAME = object({ friendlyName: optional(friendlyNameRule), identity: optional(peerName) });

/** The key pair, to sign with; release it afterwards. Source: PeerIdentityGetCryptKey. */
export const getIdentityKey = (identity?: string): PeerEffect<IdentityKey> =>
  checked('getIdentityKey', optional(peerName), identity, (valid) =>
    fromDriver('getIdentityKey', ({ driver }) => driver.identity.getKey(valid)),
  );

/** The public description of an identity, to hand to whoever is to invite it. Source: PeerIdentityGetXML. */
export const getIdentityXml = (identity?: string): PeerEffect<string> =>
  checked('getIdentityXml', optional(peerName), identity, (valid) =>
    fromDriver('getIdentityXml', ({ driver }) => driver.identity.getXml(valid)),
  );

/**
 * A copy of an identity under a password, for another machine. Group credentials are not part of it.
 *
 * Source: PeerIdentityExport.
 */
export const exportIdentity = (identity: string, password: SecretInput): PeerEffect<string> =>
  checked('exportIdentity', EXPORT, { identity, password }, (valid) =>
    wiping(
      valid.password,
      password,
      fromDriver('exportIdentity', ({ driver }) => driver.identity.export(valid.identity, valid.password)),
    ),
  );

const EXPORT = object({ identity: peerName, password: secret });

/**
 * Takes such a copy in and answers the peer name. Errors: `BadArgument` for a wrong password or a changed byte,
 * `AlreadyExists` if the identity is here. Source: PeerIdentityImport.
 */
export const importIdentity = (xml: string, password: SecretInput): PeerEffect<string> =>
  checked('importIdentity', IMPORT, { xml, password }, (valid) =>
    wiping(
      valid.password,
      password,
      fromDriver('importIdentity', ({ driver }) => driver.identity.import(valid.xml, valid.password)),
    ),
  );

const IMPORT = object({ xml: opaqueXml, password: secret });

/** A peer name from an identity and a classifier; one may be missing. Nothing is looked up. Source: PeerCreatePeerName. */
export const createPeerName = (parts: {
  readonly identity?: string | undefined;
  readonly classifier?: string | undefined;
}): PeerEffect<string> =>
  checked('createPeerName', peerNameParts, parts, (valid) =>
    fromDriver('createPeerName', ({ driver }) =>
      driver.identity.createPeerName(valid.identity, valid.classifier),
    ),
  );
