import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROLES, type Guid } from '../../../src/driver/index.js';
import type {
  CertificateFields,
  GroupRootFields,
  MembershipFields,
} from '../../../src/engine/grouping/certificates/certificate.js';
import {
  chainFromDer,
  chainFromPkcs7,
  chainToPkcs7,
} from '../../../src/engine/grouping/certificates/chain.js';
import { issueCertificate } from '../../../src/engine/grouping/certificates/issue.js';
import { generateKey, publicKeyOf } from '../../../src/engine/grouping/crypto/keys.js';
import { Malformed } from '../../../src/engine/grouping/documents/malformed.js';
import { authorityOf } from '../../../src/engine/grouping/names.js';
import { Refusal } from '../../../src/engine/grouping/refusal.js';

const { admin: ADMINISTRATOR, 'inviting-member': INVITING_MEMBER, member: MEMBER } = ROLES;

const person = (classifier: string) => {
  const key = generateKey(randomBytes);
  const publicKey = publicKeyOf(key);
  return { key, publicKey, name: `${authorityOf(publicKey)}.${classifier}` };
};
type Person = ReturnType<typeof person>;

const VALID_FROM = Date.UTC(2026, 0, 1);
const VALID_TO = Date.UTC(2030, 0, 1);
const group = person('group');
const [alice, bob, carol] = [person('alice'), person('bob'), person('carol')] as const;

const common = (subject: Person) => ({
  subject: subject.name,
  subjectFriendlyName: subject.name,
  publicKey: subject.publicKey,
  validFrom: VALID_FROM,
  validTo: VALID_TO,
});

const issueRoot = (key = group.key, changes: Partial<GroupRootFields> = {}) =>
  issueCertificate({ ...common(group), kind: 'group-root', cloud: 'Global_', ...changes }, key, randomBytes);

const issue = (
  issuer: Person,
  subject: Person,
  roles: readonly Guid[],
  changes: Partial<MembershipFields> = {},
  key = issuer.key,
) => {
  const fields: CertificateFields = {
    ...common(subject),
    kind: 'membership',
    issuer: issuer.name,
    issuerFriendlyName: issuer.name,
    groupPeerName: group.name,
    roles,
    ...changes,
  };
  return issueCertificate(fields, key, randomBytes);
};

/** The symbol of the refusal, `malformed`, or `trusted`. */
const verdict = async (...chain: readonly (Uint8Array | Promise<Uint8Array>)[]): Promise<string> => {
  try {
    await chainFromDer(await Promise.all(chain.map(async (certificate) => certificate)));
    return 'trusted';
  } catch (error) {
    if (error instanceof Refusal) return error.symbol;
    if (error instanceof Malformed) return 'malformed';
    throw error;
  }
};

describe('a chain of memberships', () => {
  let root: Uint8Array;
  let admin: Uint8Array;
  beforeAll(async () => {
    root = await issueRoot();
    admin = await issue(group, alice, [ADMINISTRATOR]);
  });

  test('is trusted when every link may issue the next', async () => {
    expect(await verdict(root, admin)).toBe('trusted');
    expect(await verdict(root, admin, issue(alice, bob, [ADMINISTRATOR]))).toBe('trusted');
    const inviting = issue(alice, bob, [INVITING_MEMBER]);
    expect(await verdict(root, admin, inviting, issue(bob, carol, [INVITING_MEMBER, MEMBER]))).toBe(
      'trusted',
    );
  });

  test.each([
    ['an inviting member', [INVITING_MEMBER], [ADMINISTRATOR]],
    ['a member', [MEMBER], [MEMBER]],
  ])('does not let %s hand on what it may not', async (_who, roles, handedOn) => {
    expect(await verdict(root, admin, issue(alice, bob, roles), issue(bob, carol, handedOn))).toBe(
      'PEER_E_INVITATION_NOT_TRUSTED',
    );
  });

  test('is refused when anything about a link is wrong', async () => {
    const wrong = {
      'signed by somebody else': issue(alice, bob, [MEMBER], {}, carol.key),
      'signed by the invitee': issue(alice, bob, [MEMBER], {}, bob.key),
      'of another issuer': issue(carol, bob, [MEMBER]),
      'for another group': issue(alice, bob, [MEMBER], { groupPeerName: carol.name }),
      'starting before its issuer': issue(alice, bob, [MEMBER], { validFrom: VALID_FROM - 1000 }),
      'outliving its issuer': issue(alice, bob, [MEMBER], { validTo: VALID_TO + 1000 }),
      'without roles': issue(alice, bob, []),
      'with an unknown role': issue(alice, bob, ['00000000-0000-0000-0000-000000000000' as Guid]),
      'a second root': issueRoot(),
    };
    for (const [what, link] of Object.entries(wrong))
      expect([what, await verdict(root, admin, link)]).toEqual([what, 'PEER_E_INVITATION_NOT_TRUSTED']);
  });

  test('is refused when its root or order is wrong', async () => {
    expect(await verdict()).toBe('PEER_E_INVITATION_NOT_TRUSTED');
    expect(await verdict(root)).toBe('PEER_E_INVITATION_NOT_TRUSTED');
    expect(await verdict(admin)).toBe('PEER_E_INVITATION_NOT_TRUSTED');
    expect(await verdict(admin, root)).toBe('PEER_E_INVITATION_NOT_TRUSTED');
    expect(await verdict(issueRoot(carol.key), admin)).toBe('PEER_E_INVITATION_NOT_TRUSTED');
    expect(await verdict(issueRoot(group.key, { subject: carol.name }), admin)).toBe('malformed');
  });

  test('is refused when somebody borrows a name', async () => {
    expect(await verdict(root, admin, issue(alice, bob, [MEMBER], { subject: carol.name }))).toBe(
      'malformed',
    );
  });

  test('has 24 memberships at most', async () => {
    const people = [alice, ...Array.from({ length: 24 }, (_, index) => person(`p${index}`))];
    const links = people.slice(1).map((subject, index) => issue(people[index]!, subject, [ADMINISTRATOR]));
    expect(await verdict(root, admin, ...links.slice(0, 23))).toBe('trusted');
    expect(await verdict(root, admin, ...links)).toBe('PEER_E_CHAIN_TOO_LONG');
  });

  test('survives its container, which may not be varied', async () => {
    const pkcs7 = await chainToPkcs7([root, admin]);
    const { root: found, leaf } = await chainFromPkcs7(pkcs7);
    expect([found.subject, leaf.subject]).toEqual([group.name, alice.name]);
    await expect(chainFromPkcs7(Buffer.concat([pkcs7, Buffer.alloc(1)]))).rejects.toThrow(Malformed);
    await expect(chainFromPkcs7(new Uint8Array())).rejects.toThrow(Malformed);
    await expect(chainFromPkcs7(randomBytes(500))).rejects.toThrow(Malformed);
  });
});
