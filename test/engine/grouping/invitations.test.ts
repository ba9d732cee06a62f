import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  fileTimeFromMillis,
  fileTimeToMillis,
  parseGuid,
  type Clock,
  type Guid,
} from '../../../src/driver/index.js';
import { adviceOf, dataDirectory, drain, faultOf, reasonOf, secret, startEngine } from './support/engine.js';
import { missing } from '../../tools.js';

const ADMINISTRATOR = parseGuid('04387127-aa56-450a-8ce5-4f565c6790f4')!;
const INVITING = parseGuid('4370fd89-dc18-4cfb-8dbf-9853a8a9f905')!;
const MEMBER = parseGuid('f12dc4c7-0857-4ca0-93fc-b1bb19a3d8c2')!;
const DAY = 24 * 3600 * 1000;

/** A clock that stands still until it is set. */
const stoppedClock = (start: number): Clock & { time: number } => ({
  time: start,
  now() {
    return this.time;
  },
  schedule: () => () => undefined,
});

/** An owner with a group on one machine, an invitee on another. */
const ownerAndInvitee = async () => {
  const clock = stoppedClock(Date.now());
  const owner = await startEngine({ clock });
  const invitee = await startEngine({ clock });
  const creatorPeerName = await owner.identity.create({ friendlyName: 'Owner' });
  const inviteeName = await invitee.identity.create({ classifier: '<é>', friendlyName: 'In & vitee' });
  const group = await owner.grouping.create({
    creatorPeerName,
    friendlyName: 'The group',
    cloud: 'LinkLocal_7',
  });
  const { groupPeerName } = await owner.grouping.getProperties(group);
  const identityXml = await invitee.identity.getXml(inviteeName);
  const invite = (roles: readonly Guid[] = [MEMBER], expiration?: number) =>
    owner.grouping.createInvitation(group, {
      identityXml,
      roles,
      expiration: expiration === undefined ? undefined : fileTimeFromMillis(expiration),
    });
  return { clock, owner, invitee, creatorPeerName, inviteeName, group, groupPeerName, identityXml, invite };
};

const flip = (text: string, position: number, bit: number): string => {
  const bytes = Buffer.from(text);
  bytes[position] = bytes[position]! ^ (1 << bit);
  return bytes.toString();
};

describe('an invitation', () => {
  test('says what it is about', async () => {
    const { clock, owner, invite, ...names } = await ownerAndInvitee();
    const expiration = clock.time + 30 * DAY;
    const { subjectPublicKey, validFrom, validTo, ...info } = await owner.grouping.parseInvitation(
      await invite([INVITING, MEMBER], expiration),
    );
    expect(info).toEqual({
      cloud: 'LinkLocal_7',
      scope: 'link-local',
      cloudFlags: 1,
      groupPeerName: names.groupPeerName,
      issuerPeerName: names.creatorPeerName,
      subjectPeerName: names.inviteeName,
      groupFriendlyName: 'The group',
      issuerFriendlyName: 'Owner',
      subjectFriendlyName: 'In & vitee',
      roles: [INVITING, MEMBER],
      authentication: 'certificate',
    });
    const key = await names.invitee.identity.getKey(names.inviteeName);
    expect(subjectPublicKey).toEqual(key.publicKey);
    const seconds = (millis: number) => Math.floor(millis / 1000);
    expect(seconds(fileTimeToMillis(validFrom!))).toBe(seconds(clock.time));
    expect(seconds(fileTimeToMillis(validTo!))).toBe(seconds(expiration));
  });

  test.skipIf(missing('openssl'))('holds a chain that openssl verifies', async () => {
    const { invite } = await ownerAndInvitee();
    const gmc = Buffer.from(/>([^<]+)<\/GMC>/.exec(await invite())![1]!, 'base64');
    const listing = execFileSync('openssl', ['pkcs7', '-inform', 'DER', '-print_certs'], { input: gmc });
    const pems = listing.toString().match(/-----BEGIN[^]+?END CERTIFICATE-----/g)!;
    const [root, admin, leaf] = pems.map((pem) => new X509Certificate(pem));
    expect(pems).toHaveLength(3);
    expect(leaf!.checkIssued(admin!) && admin!.checkIssued(root!)).toBe(true);
    const directory = await dataDirectory();
    const paths = ['root', 'admin', 'leaf'].map((name) => join(directory, `${name}.pem`));
    await Promise.all(paths.map((path, index) => writeFile(path, pems[index]!)));
    const verify = (...untrusted: string[]) =>
      execFileSync('openssl', ['verify', '-CAfile', paths[0]!, ...untrusted, paths[2]!], {
        stdio: 'pipe',
      }).toString();
    expect(verify('-untrusted', paths[1]!)).toContain('OK');
    expect(() => verify()).toThrow();
  });

  test('lets the invitee in, offline and not ready yet', async () => {
    const { invitee, inviteeName, invite, groupPeerName, creatorPeerName } = await ownerAndInvitee();
    const { grouping } = invitee;
    const group = await grouping.join(inviteeName, await invite(), undefined);
    expect(await grouping.getStatus(group)).toEqual({ listening: false, hasConnections: false });
    expect(await faultOf(grouping.getProperties(group))).toBe('PEER_E_GROUP_NOT_READY');
    expect(await adviceOf(grouping.getProperties(group))).toContain('connects no groups yet');
    expect(await faultOf(grouping.universalToPeerTime(group, fileTimeFromMillis(0)))).toBe(
      'PEER_E_GROUP_NOT_READY',
    );
    const [self] = await drain(invitee, await grouping.enumerateMembers(group, { presentOnly: false }));
    expect(self).toMatchObject({
      identity: inviteeName,
      credential: { issuerPeerName: creatorPeerName, roles: [MEMBER] },
    });
    const listed = await drain(invitee, await invitee.identity.enumerateGroups(inviteeName));
    expect(listed).toEqual([{ peerName: groupPeerName, friendlyName: 'The group' }]);
    expect(await faultOf(grouping.join(inviteeName, await invite(), undefined))).toBe('PEER_E_GROUP_IN_USE');
    await grouping.close(group);
    await grouping.open(inviteeName, groupPeerName, 'LinkLocal_7');
  });

  test('renews a membership when it is newer', async () => {
    const { clock, invitee, inviteeName, invite } = await ownerAndInvitee();
    const { grouping } = invitee;
    const old = await invite([MEMBER], clock.time + DAY);
    clock.time += 5000;
    const newer = await invite([INVITING], clock.time + 9 * DAY);
    const rolesAfter = async (xml: string) => {
      const group = await grouping.join(inviteeName, xml, undefined);
      const [self] = await drain(invitee, await grouping.enumerateMembers(group, { presentOnly: false }));
      await grouping.close(group);
      return self!.credential!.roles;
    };
    expect(await rolesAfter(old)).toEqual([MEMBER]);
    expect(await rolesAfter(newer)).toEqual([INVITING]);
    expect(await rolesAfter(old)).toEqual([INVITING]);
  });

  test('takes the place of an equally old membership, and of one that has run out', async () => {
    const { clock, invitee, inviteeName, invite } = await ownerAndInvitee();
    const { grouping } = invitee;
    const early = await invite([MEMBER], clock.time + 9 * DAY);
    const rolesAfter = async (xml: string) => {
      const group = await grouping.join(inviteeName, xml, undefined);
      const [self] = await drain(invitee, await grouping.enumerateMembers(group, { presentOnly: false }));
      await grouping.close(group);
      return self!.credential!.roles;
    };
    expect(await rolesAfter(early)).toEqual([MEMBER]);
    expect(await rolesAfter(await invite([INVITING]))).toEqual([INVITING]);
    clock.time += 5000;
    expect(await rolesAfter(await invite([INVITING, MEMBER], clock.time + DAY))).toEqual([INVITING, MEMBER]);
    expect(await rolesAfter(early)).toEqual([INVITING, MEMBER]);
    clock.time += 2 * DAY;
    expect(await rolesAfter(early)).toEqual([MEMBER]);
  });

  test('is for its invitee, its time and its cloud only', async () => {
    const { clock, owner, invitee, inviteeName, creatorPeerName, invite } = await ownerAndInvitee();
    const xml = await invite([MEMBER], clock.time + DAY);
    expect(await faultOf(owner.grouping.join(creatorPeerName, xml, undefined))).toBe(
      'PEER_E_INVITATION_NOT_TRUSTED',
    );
    expect(await faultOf(invitee.grouping.join(undefined, xml, undefined))).toBe(
      'PEER_E_INVITATION_NOT_TRUSTED',
    );
    expect(await faultOf(invitee.grouping.join(inviteeName, xml, 'Global_'))).toBe('PEER_E_NO_CLOUD');
    clock.time += 2 * DAY;
    expect(await faultOf(invitee.grouping.join(inviteeName, xml, undefined))).toBe(
      'PEER_E_INVALID_TIME_PERIOD',
    );
    clock.time -= 3 * DAY;
    expect(await faultOf(invitee.grouping.join(inviteeName, xml, undefined))).toBe(
      'PEER_E_INVALID_TIME_PERIOD',
    );
    expect((await invitee.grouping.parseInvitation(xml)).subjectPeerName).toBe(inviteeName);
  });

  test('is not made from a bad request', async () => {
    const { clock, owner, group, identityXml, invite } = await ownerAndInvitee();
    expect(await faultOf(invite([]))).toBe('E_INVALIDARG');
    expect(await faultOf(invite(['00000000-0000-0000-0000-000000000000' as Guid]))).toBe('E_INVALIDARG');
    expect(await faultOf(invite([MEMBER], clock.time - 1000))).toBe('E_INVALIDARG');
    expect(await faultOf(invite([MEMBER], clock.time + 1001 * 365 * DAY))).toBe('E_INVALIDARG');
    for (const xml of ['', 'x', '<PEERIDENTITYINFO/>', identityXml.replace('1.0', '2.0'), await invite()])
      expect(
        await faultOf(owner.grouping.createInvitation(group, { identityXml: xml, roles: [MEMBER] })),
      ).toBe('E_INVALIDARG');
  });

  test('names what no XML reader should follow', async () => {
    const { grouping } = await startEngine();
    const reason = (xml: string) => reasonOf(grouping.parseInvitation(xml));
    expect(await reason('<!DOCTYPE a [<!ENTITY b "c">]><a/>')).toContain('document type');
    expect(await reason('<a VERSION="&b;"/>')).toContain('not well-formed');
    expect(await reason('<?xml version="1.0"?><a/>')).toContain('XML declaration');
    expect(await reason('<a><b><c/></b></a>')).toContain('nested too deeply');
    expect(await reason(`<a>${'<b/>'.repeat(9)}</a>`)).toContain('one too many');
    expect(await reason('<a><!-- --></a>')).toContain('comment');
    expect(await reason('<a><![CDATA[x]]></a>')).toContain('CDATA');
    expect(await reason('<a>'.repeat(100_000))).toContain('longer than');
    expect(await reason('<a></a><b></b>')).toContain('not well-formed');
    expect(
      await faultOf(
        grouping.parseInvitation(
          '<PEERINVITATION VERSION="9.9" xmlns:dt="urn:schemas-microsoft-com:datatypes"></PEERINVITATION>',
        ),
      ),
    ).toBe('PEER_E_UNSUPPORTED_VERSION');
  });
});

describe('tampering', () => {
  test('with any byte of an identity description is noticed', async () => {
    const { owner, group, identityXml } = await ownerAndInvitee();
    const accepted: number[] = [];
    for (let position = 0; position < identityXml.length; position += 1) {
      const request = { identityXml: flip(identityXml, position, position % 7), roles: [MEMBER] };
      if ((await faultOf(owner.grouping.createInvitation(group, request))) !== 'E_INVALIDARG')
        accepted.push(position);
    }
    expect(accepted).toEqual([]);
  });

  test('with any bit of an invitation is noticed', async () => {
    const { owner, invite } = await ownerAndInvitee();
    const invitation = await invite();
    const where = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    await fc.assert(
      fc.asyncProperty(where, fc.integer({ min: 0, max: 6 }), async (at, bit) => {
        const changed = flip(invitation, Math.floor(at * invitation.length), bit);
        expect(await faultOf(owner.grouping.parseInvitation(changed))).toMatch(
          /^(E_INVALIDARG|PEER_E_INVITATION_NOT_TRUSTED|PEER_E_UNSUPPORTED_VERSION|PEER_E_NO_CLOUD)$/,
        );
      }),
      { numRuns: 150 },
    );
  });
});

describe('credentials', () => {
  test('are issued for a known key, within the own ones', async () => {
    const { clock, owner, group, invitee, inviteeName, creatorPeerName } = await ownerAndInvitee();
    const { publicKey } = await invitee.identity.getKey(inviteeName);
    const credential = {
      friendlyName: 'Renamed',
      publicKey,
      issuerPeerName: 'ignored',
      issuerFriendlyName: undefined,
      validFrom: fileTimeFromMillis(clock.time + DAY),
      validTo: fileTimeFromMillis(clock.time + 3 * DAY),
      roles: [MEMBER],
    };
    const issue = (changes: Partial<typeof credential> = {}, subjectIdentity = inviteeName) =>
      owner.grouping.issueCredentials(group, {
        subjectIdentity,
        credential: { ...credential, ...changes },
        store: false,
      });
    const info = await owner.grouping.parseInvitation((await issue())!);
    expect(info).toMatchObject({
      subjectFriendlyName: 'Renamed',
      issuerPeerName: creatorPeerName,
      roles: [MEMBER],
    });
    expect(await faultOf(issue({}, creatorPeerName))).toBe('PEER_E_INVALID_CREDENTIAL_INFO');
    expect(await faultOf(issue({ publicKey: new Uint8Array(44) }))).toBe('PEER_E_INVALID_CREDENTIAL_INFO');
    expect(await faultOf(issue({ validFrom: fileTimeFromMillis(clock.time - DAY) }))).toBe('E_INVALIDARG');
    expect(await faultOf(issue({ validTo: credential.validFrom }))).toBe('E_INVALIDARG');
    const stored = owner.grouping.issueCredentials(group, {
      subjectIdentity: inviteeName,
      credential,
      store: true,
    });
    expect(await faultOf(stored)).toBe('E_NOTIMPL');
    const unknown = owner.grouping.issueCredentials(group, { subjectIdentity: inviteeName, store: false });
    expect(await faultOf(unknown)).toBe('PEER_E_IDENTITY_NOT_FOUND');
  });

  test('are not handed on above the own ones', async () => {
    const { clock, owner, creatorPeerName, group, invite, identityXml } = await ownerAndInvitee();
    const { grouping } = owner;
    const { publicKey } = await owner.identity.getKey(creatorPeerName);
    const admin = (await drain(owner, await grouping.enumerateMembers(group, { presentOnly: false })))[0]!
      .credential!;
    clock.time += 1000;
    const validFrom = fileTimeFromMillis(clock.time);
    const credential = { ...admin, publicKey, validFrom, roles: [INVITING] };
    const demotion = await grouping.issueCredentials(group, {
      subjectIdentity: creatorPeerName,
      credential,
      store: false,
    });
    await grouping.close(group);
    const inviting = await grouping.join(creatorPeerName, demotion!, undefined);
    const ask = (roles: readonly Guid[]) => grouping.createInvitation(inviting, { identityXml, roles });
    expect(await faultOf(ask([ADMINISTRATOR]))).toBe('PEER_E_NOT_AUTHORIZED');
    expect((await grouping.parseInvitation(await ask([MEMBER]))).roles).toEqual([MEMBER]);
    expect(await faultOf(invite())).toBe('PEER_E_INVALID_GROUP');
  });

  test('cannot be handed on for ever: the 25th membership in a row is refused', async () => {
    const { clock, owner, groupPeerName, creatorPeerName, group } = await ownerAndInvitee();
    const { grouping } = owner;
    let handle = group;
    const renew = () => grouping.issueCredentials(handle, { subjectIdentity: creatorPeerName, store: false });
    for (let length = 2; length <= 24; length += 1) {
      clock.time += 1000;
      const xml = await renew();
      await grouping.close(handle);
      handle = await grouping.join(creatorPeerName, xml!, undefined);
    }
    expect((await grouping.getProperties(handle)).groupPeerName).toBe(groupPeerName);
    clock.time += 1000;
    expect(await faultOf(renew())).toBe('PEER_E_CHAIN_TOO_LONG');
  });
});

describe('with a password', () => {
  const passwordGroup = async () => {
    const owner = await startEngine();
    const creatorPeerName = await owner.identity.create({});
    const group = await owner.grouping.create({
      creatorPeerName,
      friendlyName: 'Club <1>',
      authentication: {
        certificate: false,
        password: true,
        groupPassword: secret('open sesame'),
        passwordRole: MEMBER,
      },
    });
    const xml = await owner.grouping.createPasswordInvitation(group);
    return { owner, creatorPeerName, group, xml };
  };

  test('one invitation serves anybody, and a repeat is a member already', async () => {
    const { owner, xml, group } = await passwordGroup();
    const { groupPeerName } = await owner.grouping.getProperties(group);
    const joiner = await startEngine();
    expect(await joiner.grouping.parseInvitation(xml)).toMatchObject({
      groupPeerName,
      groupFriendlyName: 'Club <1>',
      authentication: 'password',
      scope: 'global',
      roles: [],
    });
    const handle = await joiner.grouping.joinWithPassword(undefined, xml, secret('open sesame'), undefined);
    expect(await faultOf(joiner.grouping.getProperties(handle))).toBe('PEER_E_GROUP_NOT_READY');
    const self = { identity: await joiner.identity.getDefault(), present: false, credential: undefined };
    expect(
      await drain(joiner, await joiner.grouping.enumerateMembers(handle, { presentOnly: false })),
    ).toMatchObject([self]);
    expect(await faultOf(joiner.grouping.createPasswordInvitation(handle))).toBe('PEER_E_GROUP_NOT_READY');
    const again = await joiner.grouping.joinWithPassword(undefined, xml, secret('open sesame'), undefined);
    expect(await joiner.grouping.getStatus(again)).toEqual({ listening: false, hasConnections: false });
    await joiner.grouping.open(undefined, groupPeerName, undefined);
  });

  test('each kind of invitation has its own way in', async () => {
    const { owner, invite, group } = await ownerAndInvitee();
    const { xml } = await passwordGroup();
    expect(await faultOf(owner.grouping.join(undefined, xml, undefined))).toBe('E_INVALIDARG');
    const wrongWay = owner.grouping.joinWithPassword(undefined, await invite(), secret('x'), undefined);
    expect(await faultOf(wrongWay)).toBe('E_INVALIDARG');
    expect(await faultOf(owner.grouping.joinWithPassword(undefined, xml, secret(''), undefined))).toBe(
      'E_INVALIDARG',
    );
    expect(await faultOf(owner.grouping.createPasswordInvitation(group))).toBe('E_INVALIDARG');
  });
});
