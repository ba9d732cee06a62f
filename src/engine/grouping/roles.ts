import { ROLES, roleName, type Guid } from '../../driver/index.js';

/** What a holder of each role may hand on. */
const ISSUABLE: ReadonlyMap<Guid, readonly Guid[]> = new Map([
  [ROLES.admin, [ROLES.admin, ROLES['inviting-member'], ROLES.member]],
  [ROLES['inviting-member'], [ROLES['inviting-member'], ROLES.member]],
]);

export const isRole = (role: Guid): boolean => roleName(role) !== undefined;

const issuableBy = (roles: readonly Guid[]): readonly Guid[] =>
  roles.flatMap((role) => ISSUABLE.get(role) ?? []);

/** Whether somebody with these roles may issue memberships at all. */
export const mayIssue = (issuer: readonly Guid[]): boolean => issuableBy(issuer).length > 0;

/** Whether somebody with the roles `issuer` may issue a membership with `roles`. */
export const mayIssueRoles = (issuer: readonly Guid[], roles: readonly Guid[]): boolean => {
  const issuable = issuableBy(issuer);
  return roles.every((role) => issuable.includes(role));
};
