import * as E from 'fp-ts/lib/Either.js';
import { LIMITS, type GroupCreation, type GroupProperties } from '../../driver/index.js';
import type { Problem } from '../error/index.js';
import { role, type RoleInput } from './guid.js';
import { classifier, cloud, comment, friendlyName, peerName } from './names.js';
import { object, type Fields } from './object.js';
import { inside, optional, problem, withDefault, type At, type Rule } from './rule.js';
import { boolean, integer, UINT32_MAX } from './scalars.js';
import { secret, type SecretInput } from './secret-input.js';

/** How members prove that they belong: by certificate (an invitation bound to them), by a password, or by either. */
export interface GroupAuthenticationInput {
  /** `true` by default. */
  readonly certificate?: boolean | undefined;
  /** `false` by default. */
  readonly password?: boolean | undefined;
  /** Only, and on creation always, with `password: true`. */
  readonly groupPassword?: SecretInput | undefined;
  /** The role that a password gives; only, and on creation always, with `password: true`. */
  readonly passwordRole?: RoleInput | undefined;
}

/** What a new group is to be. */
export interface GroupPropertiesInput {
  /** The peer name of the identity that owns the group. */
  readonly creatorPeerName: string;
  /** Global by default. */
  readonly cloud?: string | undefined;
  readonly classifier?: string | undefined;
  /** 255 characters at most; MS-PPSEC stores 126, and Windows may refuse more. */
  readonly friendlyName?: string | undefined;
  readonly comment?: string | undefined;
  /** Seconds: 8 hours to 10 years, or 0 for as long as the issuer allows. 28 days by default. */
  readonly memberDataLifetime?: number | undefined;
  /** Seconds, 300 or more; 300 by default. */
  readonly presenceLifetime?: number | undefined;
  readonly memberDataOptional?: boolean | undefined;
  readonly disablePresence?: boolean | undefined;
  readonly deferExpiration?: boolean | undefined;
  readonly authentication?: GroupAuthenticationInput | undefined;
}

/** The properties that were read, edited; a new password may stand in `authentication`. */
export type GroupPropertiesEdit = Omit<GroupProperties, 'authentication'> & {
  readonly authentication: GroupAuthenticationInput;
};

const DAY = 24 * 60 * 60;

const memberDataLifetime: Rule<number> = (value, at) =>
  value === 0
    ? E.right(0)
    : integer(
        LIMITS['group.memberDataLifetime.min'],
        LIMITS['group.memberDataLifetime.max'],
        `seconds (8 hours to ${LIMITS['group.memberDataLifetime.max'] / DAY} days), or 0 for as long as the issuer allows`,
      )(value, at);

const AUTHENTICATION = {
  certificate: withDefault(boolean, true),
  password: withDefault(boolean, false),
  groupPassword: optional(secret),
  passwordRole: optional(role),
};

const SWITCHES = {
  memberDataOptional: optional(boolean),
  disablePresence: optional(boolean),
  deferExpiration: optional(boolean),
};

/** PeerGroupCreate's rules (reference pages of PeerGroupCreate and PEER_GROUP_PROPERTIES). */
export const groupCreation: Rule<GroupCreation> = object(
  {
    creatorPeerName: peerName,
    cloud: optional(cloud),
    classifier: optional(classifier),
    friendlyName: optional(friendlyName),
    comment: optional(comment),
    memberDataLifetime: optional(memberDataLifetime),
    presenceLifetime: optional(integer(LIMITS['group.presenceLifetime.min'], UINT32_MAX, 'seconds')),
    ...SWITCHES,
    authentication: optional(
      object(AUTHENTICATION, (fields, at) => [...schemes(fields, at), ...complete(fields, at)]),
    ),
  },
  (fields, at) =>
    fields['groupPeerName'] === undefined
      ? []
      : [problem(inside(at, 'groupPeerName'), 'forbidden', 'must be left out: creation makes the name')],
);

/**
 * PeerGroupSetProperties' rules. What the system gave is passed back as it is, so lifetimes are not judged again; that
 * nothing immutable changed is for the driver to see.
 */
export const groupPropertiesEdit: Rule<GroupProperties> = object({
  groupPeerName: peerName,
  creatorPeerName: peerName,
  cloud: optional(cloud),
  classifier: optional(classifier),
  friendlyName: optional(friendlyName),
  comment: optional(comment),
  memberDataLifetime: integer(0, UINT32_MAX),
  presenceLifetime: integer(0, UINT32_MAX),
  memberDataOptional: boolean,
  disablePresence: boolean,
  deferExpiration: boolean,
  authentication: object(AUTHENTICATION, schemes),
});

function schemes(fields: Fields, at: At): readonly Problem[] {
  const { certificate, password, groupPassword, passwordRole } = fields;
  if (password === true) return [];
  return [
    ...(certificate === false
      ? [
          problem(
            inside(at, 'certificate'),
            'conflict',
            'must be true unless password is: a group needs one of them',
          ),
        ]
      : []),
    ...(groupPassword === undefined
      ? []
      : [problem(inside(at, 'groupPassword'), 'conflict', NEEDS_PASSWORD)]),
    ...(passwordRole === undefined ? [] : [problem(inside(at, 'passwordRole'), 'conflict', NEEDS_PASSWORD)]),
  ];
}

const NEEDS_PASSWORD = 'is only allowed with password: true';

const complete = (fields: Fields, at: At): readonly Problem[] =>
  fields['password'] === true
    ? ['groupPassword', 'passwordRole']
        .filter((key) => fields[key] === undefined)
        .map((key) => problem(inside(at, key), 'required', 'is required with password: true'))
    : [];
