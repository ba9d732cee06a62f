import { describe, expect, it } from 'vitest';
import { fileTimeFromDate, ROLES, type PeerAddress } from '../../../src/driver/index.js';
import { contentOptions, contentTag, readRequest } from '../../../src/effects/validate/content.js';
import { eventRegistrations } from '../../../src/effects/validate/events.js';
import { groupReference, passwordInvitation } from '../../../src/effects/validate/group-reference.js';
import { identityCreation, peerNameParts } from '../../../src/effects/validate/identity-creation.js';
import { credentialsRequest, invitationRequest } from '../../../src/effects/validate/invitation.js';
import { connectionKinds, directMessage, memberFilter } from '../../../src/effects/validate/members.js';
import { absolutePath } from '../../../src/effects/validate/path.js';
import { endpoint, peerAddress } from '../../../src/effects/validate/peer-address.js';
import { contentInformationQuery, publication } from '../../../src/effects/validate/publication.js';
import { accepted, GROUP, IDENTITY, later, NOW, refused, TYPE } from './check.js';

describe('invitations', () => {
  const request = { identityXml: '<PEERIDENTITYINFO/>', roles: ['member'] };
  const rule = invitationRequest(NOW);

  it('name roles shortly or by GUID and end when they say', () => {
    expect(accepted(rule, { ...request, roles: ['admin', ROLES.member], expiration: later(60) })).toEqual({
      identityXml: request.identityXml,
      roles: [ROLES.admin, ROLES.member],
      expiration: fileTimeFromDate(later(60)),
    });
  });

  it.each([
    [{}, ['identityXml required', 'roles required']],
    [{ ...request, roles: [] }, ['roles length']],
    [{ ...request, roles: ['member', 'king', 7] }, ['roles[1] unknown', 'roles[2] type']],
    [{ ...request, expiration: later(0) }, ['expiration range']],
    [{ identityXml: '', roles: 'member' }, ['identityXml length', 'roles type']],
  ])('must not be %j', (input, problems) => {
    expect(refused(rule, input)).toEqual(problems);
  });

  it('by password need one', () => {
    expect(refused(passwordInvitation, { invitation: '<x/>', identity: 'me' })).toEqual([
      'identity format',
      'password required',
    ]);
  });

  it('lead to groups with a name', () => {
    expect(accepted(groupReference, { groupPeerName: GROUP }).groupPeerName).toBe(GROUP);
    expect(refused(groupReference, { groupPeerName: 'chess', cloud: '' })).toEqual([
      'cloud length',
      'groupPeerName format',
    ]);
  });
});

describe('credentials', () => {
  const rule = credentialsRequest(NOW);
  const credential = { publicKey: new Uint8Array(128), roles: ['member'] };

  it('are renewed, or issued by what they say, and not stored unless asked', () => {
    expect(accepted(rule, { subjectIdentity: IDENTITY })).toEqual({
      subjectIdentity: IDENTITY,
      credential: undefined,
      store: false,
    });
    expect(accepted(rule, { subjectIdentity: IDENTITY, credential, store: true }).credential?.roles).toEqual([
      ROLES.member,
    ]);
  });

  it('end in the future and after they began', () => {
    const lasting = (validFrom: Date, validTo: Date): object => ({
      subjectIdentity: IDENTITY,
      credential: { ...credential, validFrom, validTo },
    });
    expect(accepted(rule, lasting(later(-60), later(60))).credential?.validTo).toBe(
      fileTimeFromDate(later(60)),
    );
    expect(refused(rule, lasting(later(60), later(60)))).toEqual(['credential.validTo conflict']);
    expect(refused(rule, lasting(later(-60), later(0)))).toEqual(['credential.validTo range']);
  });
});

describe('event registrations', () => {
  it('name kinds, and a type for records and data', () => {
    expect(
      accepted(eventRegistrations, [
        'StatusChanged',
        { kind: 'RecordChanged', type: TYPE },
        { kind: 'IncomingData', type: TYPE },
      ]),
    ).toEqual([
      { kind: 'StatusChanged' },
      { kind: 'RecordChanged', type: TYPE },
      { kind: 'IncomingData', type: TYPE },
    ]);
  });

  it.each([
    'StatusChanged',
    'PropertyChanged',
    'DirectConnection',
    'NeighborConnection',
    'MemberChanged',
    'ConnectionFailed',
    'AuthenticationFailed',
  ])('of %s have no type', (kind) => {
    expect(refused(eventRegistrations, [{ kind, type: TYPE }])).toEqual(['[0].type conflict']);
    expect(accepted(eventRegistrations, [{ kind }])).toHaveLength(1);
  });

  it.each([
    [[], ['length']],
    ['StatusChanged', ['type']],
    [
      ['Whatever', 'toString', { kind: 'constructor', type: 'x' }, {}],
      ['[0] unknown', '[1] unknown', '[2].kind unknown', '[2].type format', '[3].kind required'],
    ],
  ])('must not be %j', (input, problems) => {
    expect(refused(eventRegistrations, input)).toEqual(problems);
  });
});

describe('addresses', () => {
  it.each<[PeerAddress, string]>([
    [{ address: '192.0.2.1', port: 1 }, '::ffff:192.0.2.1'],
    [{ address: '2001:db8::1', port: 65_535 }, '2001:db8::1'],
    [{ address: 'fe80::1', port: 3587, scopeId: 4, flowInfo: 0 }, 'fe80::1'],
  ])('of a peer may be %j', (input, address) => {
    expect(accepted(peerAddress, input)).toMatchObject({ ...input, address });
  });

  it.each([
    [{ address: 'localhost', port: 1 }, ['address format']],
    [{ address: 'fe80::1%eth0', port: 1 }, ['address format']],
    [{ address: '256.0.0.1', port: 0 }, ['address format', 'port range']],
    [{ address: 1, port: '80', scopeId: -1 }, ['address type', 'port type', 'scopeId range']],
  ])('of a peer must not be %j', (input, problems) => {
    expect(refused(peerAddress, input)).toEqual(problems);
  });

  it.each(['127.0.0.1:80', '[::1]:8080', 'host:1', 'a.b-c.example:65535', '[2001:db8::1]:443'])(
    'to ask may be %s',
    (value) => {
      expect(accepted(endpoint, value)).toBe(value);
    },
  );

  it.each([
    '127.0.0.1',
    ':80',
    'host:',
    'host:0',
    'host:65536',
    '::1:80',
    '[::1]',
    '[host]:80',
    'http://host:80',
    'a b:80',
    'host:8x',
    '-h:1',
    '',
  ])('to ask must not be %j', (value) => {
    expect(refused(endpoint, value)).toEqual(['format']);
  });
});

describe('identities', () => {
  it('need nothing', () => {
    expect(accepted(identityCreation, {})).toEqual({});
    expect(
      refused(identityCreation, { classifier: '', friendlyName: 'x'.repeat(256), privateKey: 'pem' }),
    ).toEqual(['classifier length', 'friendlyName length', 'privateKey type']);
  });

  it('and classifiers make names: one may be missing, not both', () => {
    expect(accepted(peerNameParts, { classifier: 'x' })).toMatchObject({ classifier: 'x' });
    expect(accepted(peerNameParts, { identity: IDENTITY })).toMatchObject({ identity: IDENTITY });
    expect(refused(peerNameParts, {})).toEqual(['required']);
  });
});

describe('members and connections', () => {
  it('are all listed by default', () => {
    expect(accepted(memberFilter, {})).toEqual({ presentOnly: false, identity: undefined });
  });

  it('are listed by known kinds', () => {
    expect(accepted(connectionKinds, ['direct', 'neighbor'])).toEqual(['direct', 'neighbor']);
    expect(refused(connectionKinds, ['far'])).toEqual(['[0] unknown']);
    expect(refused(connectionKinds, [])).toEqual(['length']);
  });

  it('get data with a type over a connection', () => {
    expect(
      accepted(directMessage, { connectionId: 1n, type: TYPE, data: Buffer.from('x') }).connectionId,
    ).toBe(1n);
    expect(refused(directMessage, { connectionId: 0n, type: 1, data: 'x' })).toEqual([
      'connectionId range',
      'type type',
      'data type',
    ]);
    expect(refused(directMessage, { connectionId: 1n << 64n, type: TYPE, data: new Uint8Array() })).toEqual([
      'connectionId range',
    ]);
  });
});

it('a database lies under an absolute path', () => {
  expect(accepted(absolutePath, import.meta.filename)).toBe(import.meta.filename);
  expect(refused(absolutePath, 'group.db')).toEqual(['format']);
});

describe('publications', () => {
  it('have an id of bytes or text', () => {
    expect(accepted(publication, { contentId: 'é', length: 0, version: 2 })).toEqual({
      contentId: Uint8Array.of(0xc3, 0xa9),
      length: 0,
      version: 2,
    });
    const cut = { contentId: 'x', version: 2, segmentation: 'fixed' };
    expect(accepted(publication, cut)).toMatchObject({ version: 2, segmentation: 'fixed' });
    expect(accepted(publication, { contentId: Uint8Array.of(0) }).contentId).toEqual(Uint8Array.of(0));
  });

  it.each([
    [{}, ['contentId required']],
    [{ contentId: '' }, ['contentId length']],
    [{ contentId: new Uint8Array() }, ['contentId length']],
    [{ contentId: 'x', length: -1, version: 3 }, ['length range', 'version range']],
    [{ contentId: 'x', length: 2 ** 53 }, ['length range']],
    [{ contentId: 'x', version: 2, segmentation: 'evenly' }, ['segmentation range']],
    [{ contentId: 'x', version: 1, segmentation: 'fixed' }, ['conflict']],
    [{ contentId: 'x', segmentation: 'fastcdc' }, ['conflict']],
  ])('must not be %j', (input, problems) => {
    expect(refused(publication, input)).toEqual(problems);
  });

  it('are asked for by a range and versions that fit', () => {
    const query = { contentId: 'x', offset: 5, length: 6, minVersion: 1, maxVersion: 2 };
    expect(accepted(contentInformationQuery, query)).toMatchObject({ offset: 5, length: 6 });
    expect(refused(contentInformationQuery, { contentId: 'x', minVersion: 2, maxVersion: 1 })).toEqual([
      'conflict',
    ]);
    expect(
      refused(contentInformationQuery, { contentId: 'x', offset: Number.MAX_SAFE_INTEGER, length: 1 }),
    ).toEqual(['range']);
  });
});

describe('content', () => {
  it('has a tag of 16 bytes, or a short name that is padded', () => {
    const tag = Buffer.from('updates\0\0\0\0\0\0\0\0\0', 'latin1');
    expect(Buffer.from(accepted(contentTag, 'updates'))).toEqual(tag);
    expect(accepted(contentTag, tag)).toBe(tag);
    expect(Buffer.from(accepted(contentOptions, {}).tag).toString('latin1')).toBe('peerweave\0\0\0\0\0\0\0');
  });

  it.each(['', 'seventeen letters', 'é', 'a\0'])('must not have the tag %j', (tag) => {
    expect(refused(contentTag, tag)).toEqual(['format']);
  });

  it.each([0, 15, 17])('must not have a tag of %d bytes', (length) => {
    expect(refused(contentTag, new Uint8Array(length))).toEqual(['length']);
  });

  it('is asked of peers by host and port', () => {
    expect(refused(contentOptions, { tag: null, peers: ['127.0.0.1:80', 'nowhere'] })).toEqual([
      'tag type',
      'peers[1] format',
    ]);
  });

  it('is read within the bounds of a DWORD', () => {
    expect(accepted(readRequest, { maxBytes: 0, timeoutMs: 0 })).toEqual({ maxBytes: 0, timeoutMs: 0 });
    expect(accepted(readRequest, { maxBytes: 0xffff_ffff }).timeoutMs).toBeUndefined();
    // 0xFFFFFFFE and 0xFFFFFFFF mean the default and for ever.
    expect(refused(readRequest, { maxBytes: 2 ** 32, timeoutMs: 0xffff_fffe })).toEqual([
      'maxBytes range',
      'timeoutMs range',
    ]);
    expect(refused(readRequest, { timeoutMs: -1 })).toEqual(['maxBytes required', 'timeoutMs range']);
  });
});
