import type { Guid } from '../../driver/index.js';

export const ADMINISTRATOR = '04387127-aa56-450a-8ce5-4f565c6790f4' as Guid;
export const INVITING_MEMBER = '4370fd89-dc18-4cfb-8dbf-9853a8a9f905' as Guid;
export const MEMBER = 'f12dc4c7-0857-4ca0-93fc-b1bb19a3d8c2' as Guid;

/** What a holder of each role may hand on. */
const ISSUABLE: ReadonlyMap<Guid, readonly Guid[]> = new Map([
  [ADMINISTRATOR, [ADMINISTRATOR, INVITING_MEMBER, MEMBER]],
  [INVITING_MEMBER, [INVITING_MEMBER, MEMBER]],
  [MEMBER, []],
]);

export const isRole = (role: Guid): boolean => ISSUABLE.has(role);

const issuableBy = (roles: readonly Guid[]): readonly Guid[] =>
  roles.flatMap((role) => ISSUABLE.get(role) ?? []);

/** Whether somebody with these roles may issue memberships at all. */
export const mayIssue = (issuer: readonly Guid[]): boolean => issuableBy(issuer).length > 0;

/** Whether somebody with the roles `issuer` may issue a membership with `roles`. */
export const mayIssueRoles = (issuer: readonly Guid[], roles: readonly Guid[]): boolean => {
  const issuable = issuableBy(issuer);
  return roles.every((role) => issuable.includes(role));
};
