import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import * as connect from './connect.js';
import * as content from './content.js';
import * as contentFile from './content-file.js';
import * as contentInformation from './content-information.js';
import type { EffectOptions, PeerEffect } from './effect.js';
import type { PeerEnv } from './env.js';
import type { PeerError } from './error/index.js';
import * as group from './group.js';
import * as groupEvents from './group-events.js';
import * as groupProperties from './group-properties.js';
import * as identities from './identities.js';
import * as invitations from './invitations.js';
import * as listing from './listing.js';
import * as members from './members.js';
import * as publication from './publication.js';
import * as records from './records.js';
import * as session from './session.js';
import * as time from './time.js';
import * as within from './within.js';

const EFFECTS = {
  addContentData: content.addContentData,
  addContentInformation: content.addContentInformation,
  addRecord: records.addRecord,
  addSourceToPublication: publication.addSourceToPublication,
  addToPublication: publication.addToPublication,
  cancelContent: content.cancelContent,
  closeDirectConnection: members.closeDirectConnection,
  completeContentInformation: content.completeContentInformation,
  completePublication: publication.completePublication,
  connectGroup: connect.connectGroup,
  connectGroupByAddress: connect.connectGroupByAddress,
  countItems: listing.countItems,
  createGroup: group.createGroup,
  createIdentity: identities.createIdentity,
  createInvitation: invitations.createInvitation,
  createPasswordInvitation: invitations.createPasswordInvitation,
  createPeerName: identities.createPeerName,
  deleteGroup: group.deleteGroup,
  deleteIdentity: identities.deleteIdentity,
  deleteRecord: records.deleteRecord,
  explainContent: content.explainContent,
  exportGroupConfig: invitations.exportGroupConfig,
  exportGroupDatabase: records.exportGroupDatabase,
  exportIdentity: identities.exportIdentity,
  fillContentFile: contentFile.fillContentFile,
  finishContentFile: contentFile.finishContentFile,
  flushContent: content.flushContent,
  getContentBasicInfo: content.getContentBasicInfo,
  getContentInformation: contentInformation.getContentInformation,
  getDefaultIdentity: identities.getDefaultIdentity,
  getDistributionCounters: session.getDistributionCounters,
  getDistributionStatus: session.getDistributionStatus,
  getDistributionStatusInfo: session.getDistributionStatusInfo,
  getFriendlyName: identities.getFriendlyName,
  getGroupProperties: groupProperties.getGroupProperties,
  getGroupStatus: group.getGroupStatus,
  getIdentityKey: identities.getIdentityKey,
  getIdentityXml: identities.getIdentityXml,
  getRecord: records.getRecord,
  importGroupConfig: invitations.importGroupConfig,
  importGroupDatabase: records.importGroupDatabase,
  importIdentity: identities.importIdentity,
  issueCredentials: invitations.issueCredentials,
  joinGroup: group.joinGroup,
  joinGroupWithPassword: group.joinGroupWithPassword,
  openContent: content.openContent,
  openContentInformation: contentInformation.openContentInformation,
  openDirectConnection: members.openDirectConnection,
  openGroup: group.openGroup,
  openPublication: publication.openPublication,
  openSession: session.openSession,
  parseInvitation: invitations.parseInvitation,
  readContent: content.readContent,
  readContentAt: content.readContentAt,
  readContentInformation: contentInformation.readContentInformation,
  registerGroupEvents: groupEvents.registerGroupEvents,
  resumePasswordAuthentication: groupEvents.resumePasswordAuthentication,
  sendData: members.sendData,
  setDistributionEnabled: session.setDistributionEnabled,
  setFriendlyName: identities.setFriendlyName,
  setGroupProperties: groupProperties.setGroupProperties,
  takeGroupEvents: groupEvents.takeGroupEvents,
  toPeerTime: time.toPeerTime,
  toUniversalTime: time.toUniversalTime,
  unpublish: publication.unpublish,
  updateRecord: records.updateRecord,
};

/** Effects with a type parameter, which a mapped type would lose. */
const GENERIC_EFFECTS = {
  list: listing.list,
  nextItems: listing.nextItems,
  openListing: listing.openListing,
  withGroup: within.withGroup,
  withSession: within.withSession,
};

type Effects = typeof EFFECTS;

type Bound<Effect> = Effect extends (...args: infer Args) => PeerEffect<infer A>
  ? (...args: Args) => TaskEither<PeerError, A>
  : never;

/** Every effect with its environment applied. */
export type BoundEffects = { readonly [Name in keyof Effects]: Bound<Effects[Name]> } & {
  /** See the effect `list`. */
  list<Item>(
    source: listing.ListingSource<Item>,
    options?: EffectOptions,
  ): TaskEither<PeerError, readonly Item[]>;
  /** See the effect `nextItems`. */
  nextItems<Item>(
    listing: listing.Listing<Item>,
    max: number,
    options?: EffectOptions,
  ): TaskEither<PeerError, readonly Item[]>;
  /** See the effect `openListing`. */
  openListing<Item>(
    source: listing.ListingSource<Item>,
    options?: EffectOptions,
  ): TaskEither<PeerError, listing.Listing<Item>>;
  /** See the effect `withGroup`. */
  withGroup<A>(
    group: Parameters<typeof within.withGroup>[0],
    use: (group: group.PeerGroup) => PeerEffect<A>,
    options?: group.GroupOptions,
  ): TaskEither<PeerError, A>;
  /** See the effect `withSession`. */
  withSession<A>(use: (session: session.DistributionSession) => PeerEffect<A>): TaskEither<PeerError, A>;
};

/**
 * All effects with one environment applied, for programs that have only one.
 *
 * @example
 * ```ts
 * import { createEffects, createEnv, orThrow } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const peers = createEffects(createEnv({ driver: createFakeDriver() }));
 * const creatorPeerName = orThrow(await peers.createIdentity({ classifier: 'alice' })());
 * await using group = orThrow(await peers.createGroup({ creatorPeerName })());
 * console.log(group.state);
 * ```
 */
export const createEffects = (env: PeerEnv): BoundEffects =>
  Object.fromEntries(
    Object.entries({ ...EFFECTS, ...GENERIC_EFFECTS }).map(([name, effect]) => [
      name,
      (...args: unknown[]) => (effect as (...given: unknown[]) => PeerEffect<unknown>)(...args)(env),
    ]),
    // Object.fromEntries forgets which name has which type; BoundEffects is derived from the same table.
  ) as unknown as BoundEffects;
