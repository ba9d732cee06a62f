import {
  LIMITS,
  type GroupAuthentication,
  type GroupCreation,
  type GroupProperties,
} from '../../driver/index.js';
import { resolveCloud } from './clouds.js';
import { passwordLength } from './crypto/password.js';
import {
  checkText,
  MAX_CLASSIFIER_LENGTH,
  MAX_FRIENDLY_NAME_LENGTH,
  parsePeerName,
  UNSECURED,
} from './names.js';
import { Refusal } from './refusal.js';
import { isRole } from './roles.js';

const MAX_COMMENT_LENGTH = LIMITS['group.comment.max'];

/** Shorter group passwords are refused: whoever gets hold of the verifier can try them all. */
export const MIN_GROUP_PASSWORD_LENGTH = 8;

// Seconds; 0 stands for as long as the issuer allows.
const MEMBER_DATA_LIFETIME = {
  default: LIMITS['group.memberDataLifetime.default'],
  min: LIMITS['group.memberDataLifetime.min'],
  max: LIMITS['group.memberDataLifetime.max'],
};
const PRESENCE_LIFETIME = { min: LIMITS['group.presenceLifetime.min'], max: 0xffff_ffff };

const invalid = (reason: string): Refusal => new Refusal('PEER_E_INVALID_GROUP_PROPERTIES', reason);

const checkMemberDataLifetime = (seconds: number): number => {
  const { min, max } = MEMBER_DATA_LIFETIME;
  if (seconds !== 0 && !(Number.isInteger(seconds) && seconds >= min && seconds <= max))
    throw invalid(`the member data lifetime must be 0 or ${min} to ${max} seconds`);
  return seconds;
};

/** Below the minimum the Windows protocol leaves the behaviour open and its implementation raises the value; so do we. */
const raisePresenceLifetime = (seconds: number): number => {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > PRESENCE_LIFETIME.max)
    throw invalid('the presence lifetime must be a whole number of seconds');
  return Math.max(seconds, PRESENCE_LIFETIME.min);
};

const checkGroupPassword = ({ groupPassword }: GroupAuthentication): void => {
  if (groupPassword !== undefined && passwordLength(groupPassword) < MIN_GROUP_PASSWORD_LENGTH)
    throw new Refusal(
      'PEER_E_PASSWORD_DOES_NOT_MEET_POLICY',
      `a group password has ${MIN_GROUP_PASSWORD_LENGTH} characters or more`,
    );
};

/** The authentication as it is stored and shown: without the password. */
const checkAuthentication = (authentication: GroupAuthentication): GroupAuthentication => {
  const { certificate, password, groupPassword, passwordRole } = authentication;
  if (!certificate && !password) throw invalid('a group needs certificates, a password or both');
  if (!password && (groupPassword !== undefined || passwordRole !== undefined))
    throw invalid('a password and its role belong to the password scheme, which is off');
  if (password && (groupPassword === undefined || passwordRole === undefined))
    throw invalid('the password scheme needs a password and the role that it gives');
  if (passwordRole !== undefined && !isRole(passwordRole))
    throw new Refusal('PEER_E_INVALID_ROLE_PROPERTY', `${passwordRole} is no role`);
  checkGroupPassword(authentication);
  return { certificate, password, passwordRole };
};

const checkComment = (comment: string | undefined): string | undefined =>
  comment === undefined
    ? undefined
    : checkText('PEER_E_INVALID_GROUP_PROPERTIES', 'the comment', comment, MAX_COMMENT_LENGTH);

/** An empty one is none: what is read must be acceptable when it is passed back. */
const checkClassifier = (classifier: string | undefined): string | undefined =>
  classifier === undefined || classifier === ''
    ? undefined
    : checkText('PEER_E_INVALID_CLASSIFIER', 'the classifier', classifier, MAX_CLASSIFIER_LENGTH);

const checkFriendlyName = (friendlyName: string | undefined): string | undefined =>
  friendlyName === undefined
    ? undefined
    : checkText(
        'PEER_E_INVALID_FRIENDLY_NAME',
        "the group's friendly name",
        friendlyName,
        MAX_FRIENDLY_NAME_LENGTH,
      );

/** The properties of a group to be, all but its name, which comes from its key. */
export const propertiesOfCreation = (creation: GroupCreation): Omit<GroupProperties, 'groupPeerName'> => {
  const creator = parsePeerName(creation.creatorPeerName);
  if (creator === undefined || creator.authority === UNSECURED)
    throw new Refusal('PEER_E_INVALID_PEER_NAME', `'${creation.creatorPeerName}' is no secure peer name`);
  return {
    creatorPeerName: creation.creatorPeerName,
    cloud: resolveCloud(creation.cloud),
    classifier: checkClassifier(creation.classifier),
    friendlyName: checkFriendlyName(creation.friendlyName),
    comment: checkComment(creation.comment),
    memberDataLifetime: checkMemberDataLifetime(creation.memberDataLifetime ?? MEMBER_DATA_LIFETIME.default),
    presenceLifetime: raisePresenceLifetime(creation.presenceLifetime ?? PRESENCE_LIFETIME.min),
    memberDataOptional: creation.memberDataOptional ?? false,
    disablePresence: creation.disablePresence ?? false,
    deferExpiration: creation.deferExpiration ?? false,
    authentication: checkAuthentication(creation.authentication ?? { certificate: true, password: false }),
  };
};

const IMMUTABLE = [
  'groupPeerName',
  'creatorPeerName',
  'cloud',
  'classifier',
  'memberDataLifetime',
  'presenceLifetime',
] as const;

const IMMUTABLE_AUTHENTICATION = ['certificate', 'password', 'passwordRole'] as const;

/** What a group's properties become. PEER_E_INVALID_GROUP_PROPERTIES if something changed that must not. */
export const changeProperties = (current: GroupProperties, wanted: GroupProperties): GroupProperties => {
  for (const name of IMMUTABLE) if (wanted[name] !== current[name]) throw invalid(`${name} cannot change`);
  for (const name of IMMUTABLE_AUTHENTICATION)
    if (wanted.authentication[name] !== current.authentication[name])
      throw invalid(`authentication.${name} cannot change`);
  if (wanted.authentication.groupPassword !== undefined && !current.authentication.password)
    throw invalid('this group has no password scheme');
  checkGroupPassword(wanted.authentication);
  return {
    ...current,
    friendlyName: checkFriendlyName(wanted.friendlyName),
    comment: checkComment(wanted.comment),
    memberDataOptional: wanted.memberDataOptional,
    disablePresence: wanted.disablePresence,
    deferExpiration: wanted.deferExpiration,
  };
};
