import type { Guid } from './guid.js';

/** The roles of a group from the mightiest down: what PEER_GROUP_ROLE_… names by GUID. */
export const ROLES = {
  admin: '04387127-aa56-450a-8ce5-4f565c6790f4' as Guid,
  'inviting-member': '4370fd89-dc18-4cfb-8dbf-9853a8a9f905' as Guid,
  member: 'f12dc4c7-0857-4ca0-93fc-b1bb19a3d8c2' as Guid,
} as const;

/** The short name of a role. */
export type RoleName = keyof typeof ROLES;

/** The names in {@link ROLES}. */
export const ROLE_NAMES = Object.keys(ROLES) as readonly RoleName[];

/**
 * The short name of a role, `undefined` for a GUID that is none.
 *
 * @example
 * ```ts
 * import { roleName, ROLES } from 'peerweave/effects';
 *
 * console.log(roleName(ROLES['inviting-member'])); // inviting-member
 * ```
 */
export const roleName = (role: Guid): RoleName | undefined => ROLE_NAMES.find((name) => ROLES[name] === role);
