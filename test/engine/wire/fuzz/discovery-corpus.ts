import { readdirSync, readFileSync } from 'node:fs';
import {
  encodeProbe,
  encodeProbeMatch,
  type Probe,
  type ProbeMatch,
} from '../../../../src/engine/distribution/discovery/wire/index.js';
import vectors from '../../../fixtures/branchcache-vectors.json' with { type: 'json' };

/** What only the writer of a ProbeMatch knows. */
const WRITER = { messageId: 'urn:uuid:4', endpoint: 'urn:uuid:3', instanceId: 1, messageNumber: 1 };

export const encodeDiscoveryMessage = (message: Probe | ProbeMatch): Buffer =>
  message._tag === 'Probe'
    ? encodeProbe({ ...message, ids: message.segments.map(({ id }) => id) })
    : encodeProbeMatch({ ...message, ...WRITER });

const segments = [1, 2, 0xfe].map((byte) => {
  const id = Buffer.alloc(32, byte);
  return { id, scope: id.toString('hex').toUpperCase(), blocks: byte };
});
const told = {
  _tag: 'ProbeMatch',
  relatesTo: 'urn:uuid:1',
  addresses: [
    { host: '10.0.0.1', port: 80 },
    { host: 'fe80::1', port: 1_337 },
  ],
} as const;

/** A question of each version, and an answer. */
export const discoveryCorpus: readonly Buffer[] = [
  ...([1, 2, 'crowd'] as const).map((version): Probe => ({
    _tag: 'Probe',
    version,
    messageId: 'urn:uuid:1',
    segments,
    port: 8_080,
  })),
  { ...told, found: { version: 1, segments } } as const,
  {
    ...told,
    found: {
      version: 2,
      segments: ['all', 'none', 'some', 'none'],
      ages: [{ segment: 2, milliseconds: 600_000 }],
    },
  } as const,
  { ...told, found: { version: 'crowd', segments } } as const,
].map(encodeDiscoveryMessage);

const fixtures = new URL('../../../fixtures/ws-discovery/', import.meta.url);

/** Examples of the specification, and messages that other programs have written. */
export const foreignDiscoveryMessages: readonly Buffer[] = [
  ...readdirSync(fixtures)
    .filter((name) => name.endsWith('.xml'))
    .map((name) => readFileSync(new URL(name, fixtures))),
  Buffer.from(vectors.pccrd.v1_probe_from_oracle),
  Buffer.from(vectors.pccrd.v1_probematch_from_oracle),
];
