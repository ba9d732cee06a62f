import type { Either } from 'fp-ts/lib/Either.js';
import type { PeerError } from '../error/index.js';
import { contentOptions, contentTag, readRequest } from './content.js';
import { eventRegistrations } from './events.js';
import { groupCreation, groupPropertiesEdit } from './group-properties.js';
import { groupReference, invitation, passwordInvitation } from './group-reference.js';
import { guid, recordType } from './guid.js';
import { identityCreation, peerNameParts } from './identity-creation.js';
import { credentialsRequest, invitationRequest, opaqueXml } from './invitation.js';
import { connectionKinds, directMessage, memberFilter } from './members.js';
import { friendlyName, peerName } from './names.js';
import { list } from './object.js';
import { absolutePath } from './path.js';
import { peerAddress } from './peer-address.js';
import { contentId, contentInformationQuery, publication } from './publication.js';
import { recordCreation, recordUpdate } from './record.js';
import { recordSearch } from './record-search.js';
import type { Rule } from './rule.js';
import { bytes, connectionId, integer, size, UINT32_MAX } from './scalars.js';
import { secret } from './secret-input.js';
import { time } from './time.js';
import { validate, type Valid } from './validate.js';

/** Checks an input of any type: BadArgument with all its problems, or what the driver takes. */
export type Validator<A> = (input: unknown, operation: string, path?: string) => Either<PeerError, Valid<A>>;

/** The same for inputs that are judged against the time, in milliseconds since 1970. */
export type TimedValidator<A> = (
  input: unknown,
  operation: string,
  now: number,
) => Either<PeerError, Valid<A>>;

const by =
  <A>(rule: Rule<A>): Validator<A> =>
  (input, operation, path) =>
    validate(rule, input, operation, path);

const timedBy =
  <A>(rule: (now: number) => Rule<A>): TimedValidator<A> =>
  (input, operation, now) =>
    validate(rule(now), input, operation);

export const validatePeerName = by(peerName);
export const validateFriendlyName = by(friendlyName);
export const validateIdentityCreation = by(identityCreation);
export const validatePeerNameParts = by(peerNameParts);
export const validateSecret = by(secret);
export const validateXml = by(opaqueXml);

export const validateGroupCreation = by(groupCreation);
export const validateGroupPropertiesEdit = by(groupPropertiesEdit);
export const validateGroupReference = by(groupReference);
export const validateInvitation = by(invitation);
export const validatePasswordInvitation = by(passwordInvitation);
export const validateInvitationRequest = timedBy(invitationRequest);
export const validateCredentialsRequest = timedBy(credentialsRequest);
export const validatePeerAddress = by(peerAddress);
export const validatePeerAddresses = by(list(peerAddress, 1));
export const validateMemberFilter = by(memberFilter);
export const validateConnectionKinds = by(connectionKinds);
export const validateConnectionId = by(connectionId);
export const validateDirectMessage = by(directMessage);
export const validateEventRegistrations = by(eventRegistrations);
export const validateRecordCreation = timedBy(recordCreation);
export const validateRecordUpdate = timedBy(recordUpdate);
export const validateRecordType = by(recordType);
export const validateRecordSearch = by(recordSearch);
export const validateGuid = by(guid);
export const validateTime = by(time);
export const validateAbsolutePath = by(absolutePath);

export const validatePublication = by(publication);
export const validateContentId = by(contentId);
export const validateContentInformationQuery = by(contentInformationQuery);
export const validateContent = by(contentOptions);
export const validateContentTag = by(contentTag);
export const validateRead = by(readRequest);
export const validateOffset = by(size);
export const validateBytes = by(bytes());

/** How many at most, 1 or more. */
export const validateCount = (
  input: unknown,
  path: string,
  operation: string,
): Either<PeerError, Valid<number>> => validate(integer(1, UINT32_MAX), input, operation, path);
