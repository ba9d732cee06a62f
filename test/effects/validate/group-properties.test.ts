import { inspect } from 'node:util';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { ROLES } from '../../../src/driver/index.js';
import { groupCreation, groupPropertiesEdit } from '../../../src/effects/validate/group-properties.js';
import { object } from '../../../src/effects/validate/object.js';
import type { Rule } from '../../../src/effects/validate/rule.js';
import { boolean } from '../../../src/effects/validate/scalars.js';
import { releaseMade, secret } from '../../../src/effects/validate/secret-input.js';
import { Secret } from '../../../src/effects/secret.js';
import type { SecretText } from '../../../src/driver/index.js';
import { validate } from '../../../src/effects/validate/validate.js';
import { accepted, GROUP, IDENTITY, refused } from './check.js';

const creatorPeerName = IDENTITY;
const withProperties = (properties: object): readonly string[] =>
  refused(groupCreation, { creatorPeerName, ...properties });

const text = (content: SecretText | undefined): string | undefined =>
  content?.use((bytes) => Buffer.from(bytes).toString('utf16le'));

describe('the properties of a new group', () => {
  it('need the creator and nothing else', () => {
    expect(accepted(groupCreation, { creatorPeerName }).creatorPeerName).toBe(IDENTITY);
    expect(refused(groupCreation, {})).toEqual(['creatorPeerName required']);
  });

  it('must not name the group', () => {
    expect(withProperties({ groupPeerName: GROUP })).toEqual(['groupPeerName forbidden']);
  });

  it.each([0, 28_800, 2_419_200, 315_360_000])('may keep member data for %d s', (memberDataLifetime) => {
    expect(accepted(groupCreation, { creatorPeerName, memberDataLifetime }).memberDataLifetime).toBe(
      memberDataLifetime,
    );
  });

  it.each([1, 28_799, 315_360_001, -1, 28_800.5, NaN, Infinity])(
    'must not keep member data for %d s',
    (memberDataLifetime) => {
      expect(withProperties({ memberDataLifetime })).toEqual(['memberDataLifetime range']);
    },
  );

  it.each([300, 0xffff_ffff])('may keep presence for %d s', (presenceLifetime) => {
    expect(accepted(groupCreation, { creatorPeerName, presenceLifetime }).presenceLifetime).toBe(
      presenceLifetime,
    );
  });

  it.each([0, 299, 2 ** 32, -300])('must not keep presence for %d s', (presenceLifetime) => {
    expect(withProperties({ presenceLifetime })).toEqual(['presenceLifetime range']);
  });

  it('tell all their faults at once', () => {
    expect(
      refused(groupCreation, {
        groupPeerName: GROUP,
        cloud: 7,
        classifier: 'x'.repeat(150),
        friendlyName: 'x'.repeat(256),
        comment: '\0',
        memberDataLifetime: 1,
        presenceLifetime: '300',
        disablePresence: 'no',
        authentication: { certificate: false, groupPassword: '', passwordRole: 'king' },
      }),
    ).toEqual([
      'creatorPeerName required',
      'cloud type',
      'classifier length',
      'friendlyName length',
      'comment character',
      'memberDataLifetime range',
      'presenceLifetime type',
      'disablePresence type',
      'authentication.groupPassword length',
      'authentication.passwordRole unknown',
      'authentication.certificate conflict',
      'authentication.groupPassword conflict',
      'authentication.passwordRole conflict',
      'groupPeerName forbidden',
    ]);
  });
});

describe('authentication', () => {
  const schemes = (authentication: object): readonly string[] => withProperties({ authentication });

  it('is by certificate unless said otherwise', () => {
    expect(accepted(groupCreation, { creatorPeerName, authentication: {} }).authentication).toMatchObject({
      certificate: true,
      password: false,
    });
  });

  it.each([
    ['admin', ROLES.admin],
    ['inviting-member', ROLES['inviting-member']],
    [`{${ROLES.member.toUpperCase()}}`, ROLES.member],
  ])('by password gives the role %s', (passwordRole, expected) => {
    const authentication = { certificate: false, password: true, groupPassword: 'geheim', passwordRole };
    const checked = accepted(groupCreation, { creatorPeerName, authentication }).authentication;
    expect(checked).toMatchObject({ certificate: false, password: true, passwordRole: expected });
    expect(text(checked?.groupPassword)).toBe('geheim');
  });

  it.each([
    [{ certificate: false }, ['authentication.certificate conflict']],
    [{ password: true }, ['authentication.groupPassword required', 'authentication.passwordRole required']],
    [{ password: true, groupPassword: 'x' }, ['authentication.passwordRole required']],
    [{ groupPassword: 'x' }, ['authentication.groupPassword conflict']],
    [{ passwordRole: 'member' }, ['authentication.passwordRole conflict']],
    [
      { password: true, groupPassword: 'x', passwordRole: '00000100-0000-0000-0000-000000000000' },
      ['authentication.passwordRole unknown'],
    ],
  ])('must not be %j', (authentication, problems) => {
    expect(schemes(authentication)).toEqual(problems);
  });
});

describe('edited properties', () => {
  const read = {
    groupPeerName: GROUP,
    creatorPeerName,
    cloud: 'Global_',
    classifier: 'chess',
    friendlyName: 'Chess',
    comment: undefined,
    memberDataLifetime: 2280,
    presenceLifetime: 0,
    memberDataOptional: false,
    disablePresence: false,
    deferExpiration: false,
    authentication: { certificate: true, password: true },
  };

  it('may be what was read, without the password', () => {
    expect(accepted(groupPropertiesEdit, read)).toMatchObject({ ...read, comment: undefined });
  });

  it('must be complete', () => {
    expect(refused(groupPropertiesEdit, {})).toEqual(
      [
        'groupPeerName',
        'creatorPeerName',
        'memberDataLifetime',
        'presenceLifetime',
        'memberDataOptional',
        'disablePresence',
        'deferExpiration',
        'authentication',
      ].map((field) => `${field} required`),
    );
  });

  it('must not set a password without the scheme', () => {
    expect(refused(groupPropertiesEdit, { ...read, authentication: { groupPassword: 'x' } })).toEqual([
      'authentication.groupPassword conflict',
    ]);
  });
});

describe('a password', () => {
  it("may be a text, bytes or a secret, which stays the caller's", () => {
    using own = Secret.of('geheim');
    for (const input of ['geheim', Buffer.from('geheim'), own]) {
      const checked = accepted(secret, input);
      expect(text(checked)).toBe('geheim');
      releaseMade(checked, input);
      if (input !== own) expect(() => checked.use(() => 0)).toThrow();
    }
    expect(text(own)).toBe('geheim');
  });

  it.each([
    ['', 'length'],
    ['a\0b', 'character'],
    [Uint8Array.of(), 'length'],
    [Uint8Array.of(0x61, 0), 'character'],
    [Uint8Array.of(0xff), 'format'],
    [7, 'type'],
    [{ use: 'no function' }, 'type'],
    [{ use: () => 7 }, 'type'],
    [{ use: (lend: (content: string) => void) => lend('text') }, 'type'],
  ])('must not be %j', (input, code) => {
    expect(refused(secret, input)).toEqual([code]);
  });

  it('must not have been released', () => {
    const own = Secret.of('geheim');
    own.release();
    expect(refused(secret, own)).toEqual(['forbidden']);
  });

  it('never shows in a problem', () => {
    const rule = object({ password: secret, on: boolean });
    const result = validate(rule, { password: 'gehe\0im', on: 1 }, 'call');
    expect(E.isLeft(result)).toBe(true);
    expect(inspect(result) + JSON.stringify(result)).not.toContain('gehe');
  });

  it('is wiped at once if another part of the input is bad', () => {
    const made: SecretText[] = [];
    const observed: Rule<SecretText> = (value, at) => {
      const checked = secret(value, at);
      made.push(...at.made);
      return checked;
    };
    expect(refused(object({ password: observed, on: boolean }), { password: 'geheim' })).toEqual([
      'on required',
    ]);
    expect(made).toHaveLength(1);
    expect(() => made[0]?.use(() => 0)).toThrow();
  });
});
