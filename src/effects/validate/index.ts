export type { AttributeValue } from './attribute-value.js';
export type { ContentInput, ContentTagInput, ReadInput } from './content.js';
export type { EventRegistrationInput } from './events.js';
export type {
  GroupAuthenticationInput,
  GroupPropertiesEdit,
  GroupPropertiesInput,
} from './group-properties.js';
export type { GroupReference, Invitation, PasswordInvitation } from './group-reference.js';
export type { RoleInput } from './guid.js';
export type { IdentityInput } from './identity-creation.js';
export type { CredentialInput, CredentialsInput, InvitationInput } from './invitation.js';
export type { DirectMessage, MemberFilter } from './members.js';
export type { PeerAddressInput } from './peer-address.js';
export type { ContentIdInput, ContentInformationInput, PublicationInput } from './publication.js';
export type { RecordEdit, RecordInput } from './record.js';
export {
  parseRecordAttributes,
  type RecordAttribute,
  type RecordAttributesInput,
} from './record-attributes.js';
export {
  and,
  clause,
  literal,
  or,
  type Comparison,
  type RecordSearchInput,
  type SearchCriterion,
} from './record-search.js';
export { releaseMade, type SecretInput } from './secret-input.js';
export type { TimeInput } from './time.js';
export type { Valid } from './validate.js';
export * from './validators.js';
