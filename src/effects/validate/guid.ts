import * as E from 'fp-ts/lib/Either.js';
import {
  parseGuid,
  RESERVED_RECORD_TYPES,
  ROLE_NAMES,
  roleName,
  ROLES,
  type Guid,
  type RoleName,
} from '../../driver/index.js';
import { bad, expected, type Rule } from './rule.js';

/** A GUID, with or without braces and in either case; a driver gets it in one form. */
export const guid: Rule<Guid> = (value, at) => {
  if (typeof value !== 'string') return expected('a GUID', value, at);
  const parsed = parseGuid(value);
  return parsed === undefined
    ? bad(at, 'format', 'must be a GUID such as 12345678-9abc-def0-1234-56789abcdef0')
    : E.right(parsed);
};

const RESERVED: ReadonlyMap<string, string> = new Map(
  Object.entries(RESERVED_RECORD_TYPES).map(([role, type]) => [type, role]),
);

/** The type of an application's own record. */
export const recordType: Rule<Guid> = (value, at) => {
  const checked = guid(value, at);
  const taken = E.isRight(checked) ? RESERVED.get(checked.right) : undefined;
  return taken === undefined
    ? checked
    : bad(at, 'forbidden', `is reserved for ${taken} records of the system; make a type of your own`);
};

/** A role by its short name or its GUID. */
export type RoleInput = RoleName | Guid;

export const role: Rule<Guid> = (value, at) => {
  if (typeof value !== 'string') return expected('a role', value, at);
  const named = ROLE_NAMES.find((name) => name === value);
  if (named !== undefined) return E.right(ROLES[named]);
  const parsed = parseGuid(value);
  return parsed === undefined || roleName(parsed) === undefined
    ? bad(at, 'unknown', `must be one of ${ROLE_NAMES.join(', ')}, or the GUID of one`)
    : E.right(parsed);
};
