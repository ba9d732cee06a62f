import { describe, expect, it } from 'vitest';
import * as enums from '../../src/driver/enums.js';
import {
  CONSTANTS,
  HRESULT_CODES,
  LIMITS,
  RESERVED_RECORD_TYPES,
  ROLE_NAMES,
  roleName,
  ROLES,
  WIN32_CODES,
} from '../../src/driver/index.js';
import { windowsApi } from './windows-api.js';

const byName = <Entry extends { readonly name: string }>(entries: readonly Entry[]): Record<string, Entry> =>
  Object.fromEntries(entries.map((entry) => [entry.name, entry]));

describe('the data modules hold the values of the reference', () => {
  it('enumerations, all of them and no other', () => {
    const reference = Object.fromEntries(windowsApi.enums.map(({ name, members }) => [name, members]));
    expect({ ...enums }).toEqual(reference);
  });

  it('constants; the roles stand in their own table', () => {
    const { PEER_GROUP_ROLE_ADMIN, PEER_GROUP_ROLE_INVITING_MEMBER, PEER_GROUP_ROLE_MEMBER, ...rest } =
      windowsApi.constants;
    expect(CONSTANTS).toEqual(rest);
    expect(ROLES).toEqual({
      admin: PEER_GROUP_ROLE_ADMIN,
      'inviting-member': PEER_GROUP_ROLE_INVITING_MEMBER,
      member: PEER_GROUP_ROLE_MEMBER,
    });
  });

  it('limits', () => {
    expect(LIMITS).toEqual(Object.fromEntries(windowsApi.limits.map(({ name, value }) => [name, value])));
  });

  it('reserved record types', () => {
    expect(RESERVED_RECORD_TYPES).toEqual(
      Object.fromEntries(windowsApi.reservedRecordTypes.map(({ role, guid }) => [role, guid])),
    );
  });

  it('error codes, every documented one', () => {
    const ours: Readonly<Record<string, number>> = { ...HRESULT_CODES, ...WIN32_CODES };
    const reference = byName(windowsApi.errorCodes);
    for (const [name, { value }] of Object.entries(reference))
      expect([name, ours[name]]).toEqual([name, Number(value)]);
  });
});

describe('roles', () => {
  it('are named both ways', () => {
    for (const name of ROLE_NAMES) expect(roleName(ROLES[name])).toBe(name);
    expect(ROLE_NAMES).toHaveLength(3);
  });
});
