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
 * Use one per person or role; it owns and joins groups. It lasts until {@link deleteIdentity}. Errors: `BadArgument`
 * for names and keys, `AlreadyExists` for the same key and classifier, `System` when there are too many.
 * Source: PeerIdentityCreate.
 *
 * @example
 * ```ts
 * import { createEnv, createIdentity, deleteIdentity, orThrow } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const env = createEnv({ driver: createFakeDriver() });
 * const alice = orThrow(await createIdentity({ classifier: 'alice', friendlyName: 'Alice' })(env)());
 * console.log(alice); // 40 hex digits, a full stop, alice
 * orThrow(await deleteIdentity(alice)(env)());
 * ```
 */
export const createIdentity = (input: IdentityInput = {}, options: EffectOptions = {}): PeerEffect<string> =>
  checked('createIdentity', identityCreation, input, (creation) =>
    fromDriver('createIdentity', ({ driver }) =>
      driver.identity.create(creation, { signal: options.signal }),
    ),
  );

/**
 * Deletes an identity and its keys, for good. See {@link createIdentity} for an example.
 *
 * Errors: `NotReady` while it has groups, `NotFound`. Source: PeerIdentityDelete.
 */
export const deleteIdentity = (identity: string): PeerEffect<void> =>
  checked('deleteIdentity', peerName, identity, (valid) =>
    fromDriver('deleteIdentity', ({ driver }) => driver.identity.delete(valid)),
  );

/**
 * The identity that is meant where none is named; made on demand. See {@link orThrow} for an example.
 *
 * Source: PeerIdentityGetDefault.
 */
export const getDefaultIdentity = (): PeerEffect<string> =>
  fromDriver('getDefaultIdentity', ({ driver }) => driver.identity.getDefault());

/**
 * The identities of this user, with their friendly names, to be listed by {@link list}, which has an example, or {@link
 * openListing}.
 *
 * Source: PeerEnumIdentities.
 */
export const identities = (): ListingSource<NamePair> => ({
  operation: 'identities',
  parent: () => undefined,
  open: ({ identity }) => identity.enumerate(),
});

/**
 * The groups that an identity created or joined, of the default one unless given, to be listed by {@link list} or
 * {@link openListing}.
 *
 * Errors: `NotFound` for an unknown identity. Source: PeerEnumGroups.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { groupsOf } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * const creatorPeerName = await promise(effects.createIdentity());
 * await using group = await promise(effects.createGroup({ creatorPeerName, friendlyName: 'Chess' }));
 * console.log(group.state, await promise(effects.list(groupsOf(creatorPeerName)))); // one, called Chess
 * ```
 */
export const groupsOf = (identity?: string): ListingSource<NamePair> => ({
  operation: 'groupsOf',
  parent: () => undefined,
  open: async (driver) =>
    driver.identity.enumerateGroups(orThrow(validate(optional(peerName), identity, 'groupsOf'))),
});

/**
 * What an identity shows as its name, of the default one unless given. See {@link setFriendlyName} for an example.
 *
 * Errors: `NotFound` for an unknown identity. Source: PeerIdentityGetFriendlyName.
 */
export const getFriendlyName = (identity?: string): PeerEffect<string> =>
  checked('getFriendlyName', optional(peerName), identity, (valid) =>
    fromDriver('getFriendlyName', ({ driver }) => driver.identity.getFriendlyName(valid)),
  );

/**
 * Changes what an identity shows as its name; `undefined` goes back to the peer name. 255 characters at most.
 *
 * Errors: `BadArgument` for the name, `NotFound` for an unknown identity. Source: PeerIdentitySetFriendlyName.
 *
 * @example
 * ```ts
 * import { createEnv, getFriendlyName, orThrow, setFriendlyName } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const env = createEnv({ driver: createFakeDriver() });
 * orThrow(await setFriendlyName('Alice')(env)());
 * console.log(orThrow(await getFriendlyName()(env)())); // Alice
 * ```
 */
export const setFriendlyName = (friendlyName: string | undefined, identity?: string): PeerEffect<void> =>
  checked('setFriendlyName', FRIENDLY_NAME, { friendlyName, identity }, (valid) =>
    fromDriver('setFriendlyName', ({ driver }) =>
      driver.identity.setFriendlyName(valid.identity, valid.friendlyName),
    ),
  );

const FRIENDLY_NAME = object({ friendlyName: optional(friendlyNameRule), identity: optional(peerName) });

/**
 * The key pair of an identity, to sign with; the private key stays where it is. Release it afterwards.
 *
 * Errors: `NotFound` for an unknown identity, `AccessDenied` for a key that cannot be used.
 * Source: PeerIdentityGetCryptKey.
 *
 * @example
 * ```ts
 * import { createEnv, getIdentityKey, orThrow } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const env = createEnv({ driver: createFakeDriver() });
 * const key = orThrow(await getIdentityKey()(env)());
 * console.log(key.algorithm, (await key.sign(Buffer.from('hello'))).length);
 * await key.release();
 * ```
 */
export const getIdentityKey = (identity?: string): PeerEffect<IdentityKey> =>
  checked('getIdentityKey', optional(peerName), identity, (valid) =>
    fromDriver('getIdentityKey', ({ driver }) => driver.identity.getKey(valid)),
  );

/**
 * The public description of an identity, to hand to whoever is to invite it. Nothing in it is secret; pass it on
 * unedited. See {@link joinGroup} for an example.
 *
 * Errors: `NotFound` for an unknown identity. Source: PeerIdentityGetXML.
 */
export const getIdentityXml = (identity?: string): PeerEffect<string> =>
  checked('getIdentityXml', optional(peerName), identity, (valid) =>
    fromDriver('getIdentityXml', ({ driver }) => driver.identity.getXml(valid)),
  );

/**
 * A copy of an identity under a password, for another machine. Group credentials are not part of it.
 *
 * The identity stays here too. The copy that is made of the password is wiped. Errors: `NotFound`, `BadArgument` for an
 * empty password, `AccessDenied` for the key. Source: PeerIdentityExport.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { createFakeDriver, createFakeNetwork } from 'peerweave/testing';
 *
 * const network = createFakeNetwork();
 * const old = createPeerweave({ driver: createFakeDriver({ network }) });
 * const next = createPeerweave({ driver: createFakeDriver({ network }) });
 * const alice = await old.promise(old.effects.createIdentity({ classifier: 'alice' }));
 * const xml = await old.promise(old.effects.exportIdentity(alice, 'a long password'));
 * console.log((await next.promise(next.effects.importIdentity(xml, 'a long password'))) === alice); // true
 * ```
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
 * Takes a copy of {@link exportIdentity} in and answers the peer name.
 *
 * Errors: `BadArgument` for a wrong password or a changed byte, `AlreadyExists` if the identity is here.
 * Source: PeerIdentityImport.
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

/**
 * A peer name from an identity and a classifier; one may be missing. Nothing is looked up.
 *
 * Errors: `BadArgument`. Source: PeerCreatePeerName.
 *
 * @example
 * ```ts
 * import { createEnv, createPeerName, orThrow } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const env = createEnv({ driver: createFakeDriver() });
 * console.log(orThrow(await createPeerName({ classifier: 'printer' })(env)())); // 0.printer
 * ```
 */
export const createPeerName = (parts: {
  readonly identity?: string | undefined;
  readonly classifier?: string | undefined;
}): PeerEffect<string> =>
  checked('createPeerName', peerNameParts, parts, (valid) =>
    fromDriver('createPeerName', ({ driver }) =>
      driver.identity.createPeerName(valid.identity, valid.classifier),
    ),
  );
