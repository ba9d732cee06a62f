import {
  type GroupAuthentication,
  type GroupCreation,
  type GroupingDriver,
  type GroupProperties,
  type GroupStatus,
  LIMITS,
  PEER_GROUP_AUTHENTICATION_SCHEME as SCHEME,
  PEER_GROUP_PROPERTY_FLAGS as FLAGS,
  PEER_GROUP_STATUS as STATUS,
} from '../driver/index.js';
import * as check from './check.js';
import { flagIf, hasFlag } from './flags.js';
import { NULL, u32In, u64In, type Frame } from './frame.js';
import { PEER_GROUP_PROPERTIES } from './layouts.js';
import type { MakeMember } from './members.js';
import type { Memory } from './memory.js';
import { room } from './p2p.js';
import type { PeerState } from './state.js';

const NO_GUID = '00000000-0000-0000-0000-000000000000';

const flagsOf = (properties: GroupCreation): number =>
  flagIf(
    check.optionalFlag(properties.memberDataOptional, 'memberDataOptional'),
    FLAGS.PEER_MEMBER_DATA_OPTIONAL,
  ) |
  flagIf(check.optionalFlag(properties.disablePresence, 'disablePresence'), FLAGS.PEER_DISABLE_PRESENCE) |
  flagIf(check.optionalFlag(properties.deferExpiration, 'deferExpiration'), FLAGS.PEER_DEFER_EXPIRATION);

const schemesOf = ({ certificate, password }: GroupAuthentication): number =>
  flagIf(check.flag(certificate, 'certificate'), SCHEME.PEER_GROUP_GMC_AUTHENTICATION) |
  flagIf(check.flag(password, 'password'), SCHEME.PEER_GROUP_PASSWORD_AUTHENTICATION);

/** PEER_GROUP_PROPERTIES. The password is lent for the call and wiped with the frame. */
const write = (
  frame: Frame,
  given: GroupCreation & { readonly groupPeerName?: string | undefined },
  what: string,
): bigint => {
  const properties = check.object(given, what);
  const authentication = check.object(
    properties.authentication ?? { certificate: true, password: false },
    'authentication',
  );
  const { groupPassword, passwordRole } = authentication;
  return frame.struct(PEER_GROUP_PROPERTIES, {
    dwFlags: flagsOf(properties),
    pwzCloud: properties.cloud,
    pwzClassifier: properties.classifier,
    pwzGroupPeerName: properties.groupPeerName,
    pwzCreatorPeerName: check.text(properties.creatorPeerName, 'creatorPeerName'),
    pwzFriendlyName: properties.friendlyName,
    pwzComment: properties.comment,
    // 0 would be as long as the issuer allows.
    ulMemberDataLifetime: properties.memberDataLifetime ?? LIMITS['group.memberDataLifetime.default'],
    ulPresenceLifetime: properties.presenceLifetime,
    dwAuthenticationSchemes: schemesOf(authentication),
    pwzGroupPassword: groupPassword === undefined ? NULL : frame.secret(groupPassword, 'groupPassword'),
    groupPasswordRole: passwordRole,
  }).address;
};

/** The properties of a group to create; the system makes its peer name. */
export const writeCreation = (frame: Frame, creation: GroupCreation): bigint =>
  write(frame, { ...check.object(creation, 'creation'), groupPeerName: undefined }, 'creation');

const read = (memory: Memory, address: bigint): GroupProperties => {
  const properties = memory.struct(address, PEER_GROUP_PROPERTIES);
  const { dwFlags, dwAuthenticationSchemes, groupPasswordRole } = properties;
  return {
    groupPeerName: properties.pwzGroupPeerName ?? '',
    creatorPeerName: properties.pwzCreatorPeerName ?? '',
    cloud: properties.pwzCloud,
    classifier: properties.pwzClassifier,
    friendlyName: properties.pwzFriendlyName,
    comment: properties.pwzComment,
    memberDataLifetime: properties.ulMemberDataLifetime,
    presenceLifetime: properties.ulPresenceLifetime,
    memberDataOptional: hasFlag(dwFlags, FLAGS.PEER_MEMBER_DATA_OPTIONAL),
    disablePresence: hasFlag(dwFlags, FLAGS.PEER_DISABLE_PRESENCE),
    deferExpiration: hasFlag(dwFlags, FLAGS.PEER_DEFER_EXPIRATION),
    authentication: {
      certificate: hasFlag(dwAuthenticationSchemes, SCHEME.PEER_GROUP_GMC_AUTHENTICATION),
      password: hasFlag(dwAuthenticationSchemes, SCHEME.PEER_GROUP_PASSWORD_AUTHENTICATION),
      ...(groupPasswordRole === NO_GUID ? {} : { passwordRole: groupPasswordRole }),
    },
  };
};

/** PEER_GROUP_STATUS. */
export const statusFrom = (flags: number): GroupStatus => ({
  listening: hasFlag(flags, STATUS.PEER_GROUP_STATUS_LISTENING),
  hasConnections: hasFlag(flags, STATUS.PEER_GROUP_STATUS_HAS_CONNECTIONS),
});

export const propertyMembers = (
  member: MakeMember,
  state: PeerState,
): Pick<GroupingDriver, 'getStatus' | 'getProperties' | 'setProperties'> => ({
  getStatus: member('getStatus', ({ native }, group) => {
    state.groups.get(group);
    return native.frame((frame) => {
      const status = frame.reserve(4);
      native.hresult('PeerGroupGetStatus', group, status.address);
      return statusFrom(u32In(status));
    });
  }),

  getProperties: member('getProperties', ({ native }, group) => {
    state.groups.get(group);
    return native.frame((frame) => {
      const properties = room(frame);
      native.hresult('PeerGroupGetProperties', group, properties.address);
      return native.take(u64In(properties), (address) => read(native.memory, address));
    });
  }),

  setProperties: member('setProperties', ({ native }, group, properties) => {
    state.groups.get(group);
    return native.frameOnThread(async (frame) => {
      const address = write(frame, properties, 'properties');
      await native.slowHresult(frame, 'PeerGroupSetProperties', group, address);
    });
  }),
});
