export * from '../driver/index.js';
export { connectGroup, connectGroupByAddress, type ConnectOptions } from './connect.js';
export {
  addContentData,
  addContentInformation,
  cancelContent,
  completeContentInformation,
  Content,
  explainContent,
  flushContent,
  getContentBasicInfo,
  openContent,
  readContent,
  readContentAt,
} from './content.js';
export { fillContentFile, finishContentFile } from './content-file.js';
export {
  ContentInformationReader,
  getContentInformation,
  openContentInformation,
  readContentInformation,
} from './content-information.js';
export {
  createDiagnostics,
  type DiagnosticEvent,
  type Diagnostics,
  DIAGNOSTICS_CHANNEL,
} from './diagnostics.js';
export { type EffectOptions, orThrow, type PeerEffect } from './effect.js';
export { createEnv, type PeerEnv } from './env.js';
export { isPeerError, PeerError, type PeerErrorTag, type Problem, type ProblemCode } from './error/index.js';
export {
  createGroup,
  deleteGroup,
  getGroupStatus,
  type GroupOptions,
  joinGroup,
  joinGroupWithPassword,
  openGroup,
  PeerGroup,
} from './group.js';
export {
  GroupEventRegistration,
  registerGroupEvents,
  resumePasswordAuthentication,
  takeGroupEvents,
} from './group-events.js';
export { getGroupProperties, setGroupProperties } from './group-properties.js';
export { Handle } from './handle.js';
export type { HandleState } from './handle-core.js';
export {
  createIdentity,
  createPeerName,
  deleteIdentity,
  exportIdentity,
  getDefaultIdentity,
  getFriendlyName,
  getIdentityKey,
  getIdentityXml,
  groupsOf,
  identities,
  importIdentity,
  setFriendlyName,
} from './identities.js';
export {
  createInvitation,
  createPasswordInvitation,
  exportGroupConfig,
  importGroupConfig,
  issueCredentials,
  parseInvitation,
} from './invitations.js';
export { countItems, list, Listing, type ListingSource, nextItems, openListing } from './listing.js';
export { liveHandleCount } from './live-handles.js';
export {
  closeDirectConnection,
  connectionsOf,
  membersOf,
  openDirectConnection,
  sendData,
} from './members.js';
export { type BoundEffects, createEffects } from './bound-effects.js';
export {
  addSourceToPublication,
  addToPublication,
  completePublication,
  openPublication,
  PublicationStream,
  unpublish,
} from './publication.js';
export {
  addRecord,
  deleteRecord,
  exportGroupDatabase,
  getRecord,
  importGroupDatabase,
  recordsMatching,
  recordsOf,
  updateRecord,
} from './records.js';
export { Secret } from './secret.js';
export {
  DistributionSession,
  getDistributionCounters,
  getDistributionStatus,
  getDistributionStatusInfo,
  observeDistribution,
  openSession,
  reportDistribution,
  setDistributionEnabled,
} from './session.js';
export type { StatusEvent, StatusListener } from './status-monitor.js';
export { toPeerTime, toUniversalTime } from './time.js';
export { withGroup, withSession } from './within.js';
export type { AttributeValue } from './validate/attribute-value.js';
export type { ContentInput, ContentTagInput } from './validate/content.js';
export type { EventRegistrationInput } from './validate/events.js';
export type {
  GroupAuthenticationInput,
  GroupPropertiesEdit,
  GroupPropertiesInput,
} from './validate/group-properties.js';
export type { GroupReference, Invitation, PasswordInvitation } from './validate/group-reference.js';
export type { RoleInput } from './validate/guid.js';
export type { IdentityInput } from './validate/identity-creation.js';
export type { CredentialInput, CredentialsInput, InvitationInput } from './validate/invitation.js';
export type { DirectMessage, MemberFilter } from './validate/members.js';
export type { ContentIdInput, ContentInformationInput, PublicationInput } from './validate/publication.js';
export type { RecordEdit, RecordInput } from './validate/record.js';
export {
  parseRecordAttributes,
  type RecordAttribute,
  type RecordAttributesInput,
} from './validate/record-attributes.js';
export {
  and,
  clause,
  type Comparison,
  literal,
  or,
  type RecordSearchInput,
  type SearchCriterion,
} from './validate/record-search.js';
export type { SecretInput } from './validate/secret-input.js';
export type { TimeInput } from './validate/time.js';
