import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { encodeProbe, encodeProbeMatch } from '../../../src/engine/distribution/discovery/wire/index.js';
import vectors from '../../fixtures/branchcache-vectors.json' with { type: 'json' };
import { missing } from '../../tools.js';

/** Python's parser (expat) and its canonical form, C14N 2.0, without the white space around texts. */
const canonical = (message: string | Buffer): string => {
  const program =
    'import sys, xml.etree.ElementTree as E; print(E.canonicalize(sys.stdin.read(), strip_text=True))';
  const { status, stdout, stderr } = spawnSync('python3', ['-c', program], {
    input: message,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
};

const printed = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/ws-discovery/${name}.xml`, import.meta.url));

const { pccrd } = vectors;
const scope = pccrd.v1_scope_text;
const id = Buffer.from(scope, 'hex');
const longId = Buffer.concat([Buffer.from([2]), Buffer.alloc(63)]);
const v2Id = Buffer.from(pccrd.v2_probe_scope[0]!.ids[0]!, 'hex');
const messageId = 'urn:uuid:91528b47-b96d-4e30-981f-308c0586926f';
const example = {
  messageId: 'urn:uuid:7f4b09a3-96c9-4170-9eb3-1c805a52f444',
  relatesTo: messageId,
  endpoint: 'urn:uuid:87A89944-0230-43a5-AC4E-FAB1386C8E2C',
  instanceId: 1_218_765_447,
  messageNumber: 4,
  addresses: [{ host: '157.59.141.183', port: 54_321 }],
};

/** Ours, and what it has to be the same as for everybody who reads XML. */
const pairs: readonly (readonly [string, Buffer, string | Buffer])[] = [
  [
    'the example of a version-1 Probe',
    encodeProbe({ version: 1, messageId, ids: [longId] }),
    printed('probe-v1'),
  ],
  [
    'the example of a version-2 Probe',
    encodeProbe({ version: 2, messageId, ids: [v2Id, v2Id] }),
    printed('probe-v2'),
  ],
  [
    'the example of a version-1 ProbeMatch',
    encodeProbeMatch({
      ...example,
      found: { version: 1, segments: [{ id: longId, scope: longId.toString('hex'), blocks: 42 }] },
    }),
    printed('probe-match-v1'),
  ],
  [
    'the example of a version-2 ProbeMatch',
    encodeProbeMatch({
      ...example,
      found: {
        version: 2,
        segments: Array<'all'>(40).fill('all'),
        ages: [
          { segment: 0, milliseconds: 600_000 },
          { segment: 2, milliseconds: 600_000 },
        ],
      },
    }),
    printed('probe-match-v2'),
  ],
  [
    'a Probe of Microsoft’s test-suite code',
    encodeProbe({ version: 1, messageId: 'urn:uuid:33ccb9bb-8f99-42cf-8d3e-5f6b18362ee8', ids: [id] }),
    pccrd.v1_probe_from_oracle,
  ],
  [
    'a ProbeMatch of Microsoft’s test-suite code',
    encodeProbeMatch({
      messageId: 'urn:uuid:306dfdaf-a54f-4dd6-9238-bd13ecc1b622',
      relatesTo: messageId,
      endpoint: 'urn:uuid:692f8815-6838-4d73-a0bd-97e494df1e6d',
      instanceId: 4,
      messageNumber: 1,
      addresses: [{ host: '127.0.0.1', port: 8080 }],
      found: { version: 1, segments: [{ id, scope, blocks: 2 }] },
    }),
    pccrd.v1_probematch_from_oracle,
  ],
];

test.skipIf(missing('python3')).each(pairs)('%s', (_, ours, theirs) => {
  expect(canonical(ours)).toBe(canonical(theirs));
});
