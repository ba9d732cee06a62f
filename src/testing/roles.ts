import { parseGuid, type Guid } from '../driver/index.js';

const role = (text: string): Guid => {
  const guid = parseGuid(text);
  if (guid === undefined) throw new TypeError(`${text} is no GUID`);
  return guid;
};

/** The role GUIDs of p2p.h. */
export const GROUP_ROLES = {
  admin: role('04387127-aa56-450a-8ce5-4f565c6790f4'),
  invitingMember: role('4370fd89-dc18-4cfb-8dbf-9853a8a9f905'),
  member: role('f12dc4c7-0857-4ca0-93fc-b1bb19a3d8c2'),
} as const;

const RANKS: ReadonlyMap<Guid, number> = new Map([
  [GROUP_ROLES.member, 1],
  [GROUP_ROLES.invitingMember, 2],
  [GROUP_ROLES.admin, 3],
]);

/** 0 for no known role. */
const rankOf = (roles: readonly Guid[]): number => Math.max(0, ...roles.map((one) => RANKS.get(one) ?? 0));

export const isAdmin = (roles: readonly Guid[]): boolean => roles.includes(GROUP_ROLES.admin);

/** Administrators and inviting members invite, nobody to more than they are themselves. */
export const mayIssue = (issuer: readonly Guid[], wanted: readonly Guid[]): boolean =>
  rankOf(issuer) > 1 && rankOf(wanted) <= rankOf(issuer);
