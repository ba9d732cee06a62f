import { fc, test as propertyTest } from '@fast-check/vitest';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { contentOptions, contentTag, readRequest } from '../../../src/effects/validate/content.js';
import { count } from '../../../src/effects/validate/count.js';
import { eventRegistrations } from '../../../src/effects/validate/events.js';
import { groupCreation, groupPropertiesEdit } from '../../../src/effects/validate/group-properties.js';
import {
  groupReference,
  invitation,
  passwordInvitation,
} from '../../../src/effects/validate/group-reference.js';
import { guid, recordType, role } from '../../../src/effects/validate/guid.js';
import { identityCreation, peerNameParts } from '../../../src/effects/validate/identity-creation.js';
import {
  credentialsRequest,
  invitationRequest,
  opaqueXml,
} from '../../../src/effects/validate/invitation.js';
import { connectionKinds, directMessage, memberFilter } from '../../../src/effects/validate/members.js';
import { classifier, cloud, comment, friendlyName, peerName } from '../../../src/effects/validate/names.js';
import { absolutePath } from '../../../src/effects/validate/path.js';
import { endpoint, peerAddress } from '../../../src/effects/validate/peer-address.js';
import {
  contentId,
  contentInformationQuery,
  publication,
} from '../../../src/effects/validate/publication.js';
import { recordCreation, recordUpdate } from '../../../src/effects/validate/record.js';
import { recordAttributes } from '../../../src/effects/validate/record-attributes.js';
import { recordSearch } from '../../../src/effects/validate/record-search.js';
import type { Rule } from '../../../src/effects/validate/rule.js';
import { boolean, bytes, connectionId, size } from '../../../src/effects/validate/scalars.js';
import { secret } from '../../../src/effects/validate/secret-input.js';
import { time } from '../../../src/effects/validate/time.js';
import { validate } from '../../../src/effects/validate/validate.js';
import { NOW } from './check.js';

const RULES: Readonly<Record<string, Rule<unknown>>> = {
  absolutePath,
  boolean,
  bytes: bytes(1),
  classifier,
  cloud,
  comment,
  connectionId,
  connectionKinds,
  contentId,
  contentInformationQuery,
  contentOptions,
  contentTag,
  count,
  credentialsRequest: credentialsRequest(NOW),
  directMessage,
  endpoint,
  eventRegistrations,
  friendlyName,
  groupCreation,
  groupPropertiesEdit,
  groupReference,
  guid,
  identityCreation,
  invitation,
  invitationRequest: invitationRequest(NOW),
  memberFilter,
  opaqueXml,
  passwordInvitation,
  peerAddress,
  peerName,
  peerNameParts,
  publication,
  readRequest,
  recordAttributes,
  recordCreation: recordCreation(NOW),
  recordSearch,
  recordType,
  recordUpdate: recordUpdate(NOW),
  role,
  secret,
  size,
  time,
};

/** Names of fields, so that arbitrary objects come near to what rules look into. */
const FIELDS = [
  'creatorPeerName',
  'groupPeerName',
  'authentication',
  'groupPassword',
  'passwordRole',
  'password',
  'certificate',
  'memberDataLifetime',
  'presenceLifetime',
  'type',
  'expires',
  'attributes',
  'autoRefresh',
  'data',
  'identityXml',
  'expiration',
  'roles',
  'kind',
  'address',
  'port',
  'contentId',
  'length',
  'offset',
  'tag',
  'peers',
  'maxBytes',
  '_tag',
  'criteria',
  'attribute',
  'compare',
  'value',
  'name',
  'use',
  'credential',
  'validFrom',
  'validTo',
  'deleted',
] as const;

const WORDS = [
  'Clause',
  'And',
  'Or',
  'equal',
  'admin',
  'RecordChanged',
  'StatusChanged',
  '<attributes>',
  '<peersearch><and>',
  '::1',
  '127.0.0.1',
  '127.0.0.1:80',
  '0.x',
  '{00000100-0000-0000-0000-000000000000}',
  '\0',
  '\ud800',
  '',
  true,
  new Date(NaN),
  new Date(NOW + 1e9),
  new Uint8Array(16),
  -1,
  0,
  1,
  0xffff_ffff,
  NaN,
  Infinity,
  1n,
  -1n,
] as const;

const anything = fc.anything({
  key: fc.oneof(fc.constantFrom(...FIELDS), fc.string()),
  values: [
    fc.constantFrom(...WORDS),
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.func(fc.nat()),
  ],
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  withNullPrototype: true,
  withObjectString: true,
  withBoxedValues: true,
  maxDepth: 4,
});

describe.each(Object.entries(RULES))('%s', (_name, rule) => {
  propertyTest.prop([anything], { numRuns: 300 })(
    'accepts anything or says what is wrong, and never throws',
    (input) => {
      const result = validate(rule, input, 'call');
      if (E.isRight(result)) return;
      expect(result.left._tag).toBe('BadArgument');
      expect(result.left.problems.length).toBeGreaterThan(0);
      for (const problem of result.left.problems) expect(problem.message).not.toBe('');
    },
  );

  it.each([undefined, null, Symbol('x'), () => 1, 1.5, [], {}, [undefined], new Map()])(
    'does not throw for %s',
    (input) => {
      expect(() => validate(rule, input, 'call')).not.toThrow();
    },
  );
});

it('survives an object whose properties throw', () => {
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error('boo');
      },
    },
  );
  const result = validate(groupCreation, hostile, 'createGroup');
  expect(E.isLeft(result) && result.left._tag).toBe('BadArgument');
});
