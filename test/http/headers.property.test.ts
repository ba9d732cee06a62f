import { fc, test } from '@fast-check/vitest';
import { isPeerError } from 'peerweave';
import { describe, expect, it } from 'vitest';
import { mutate, randomFrom } from '../engine/wire/fuzz/mutations.js';
import { interpret } from '../../src/http/client/content-state.js';
import { StartOver } from '../../src/http/client/origin-failure.js';
import { negotiate } from '../../src/http/protocol/negotiation.js';
import {
  acceptingPeerDist,
  REQUESTING_MISSING_DATA,
  requestingHashes,
} from '../../src/http/protocol/peerdist-headers.js';

/** What the headers of MS-PCCRTP are made of, and what they should not be. */
const TOKENS = [
  ['Version', 'ContentLength', 'MissingDataRequest', 'MinContentInformation', 'MaxContentInformation'],
  ['HashRequest', 'MakeHashRequest', 'peerdist', 'PEERDIST', 'gzip', 'identity', '*', 'constructor'],
  ['=', ',', ';', ' ', '\t', 'q=', '1.0', '1.1', '2.0', '0', '1', 'true', 'false', 'TRUE', '-1', '1e9'],
  ['99999999999999999999', '9007199254740993', '0x10', '"', '\u00e9', '__proto__'],
].flat();

/** Node lets no other characters through. */
const anyText = fc
  .string({ maxLength: 20, unit: 'binary-ascii' })
  .map((text) => text.replace(/[^\t\x20-\x7e]/g, ''));
const value = fc
  .array(fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...TOKENS) }, anyText), { maxLength: 14 })
  .map((parts) => parts.join(''));
const wellFormed = fc
  .array(fc.tuple(fc.constantFrom(...TOKENS), fc.constantFrom(...TOKENS)), { maxLength: 4 })
  .map((pairs) => pairs.map(([name, text]) => `${name}=${text}`).join(', '));
const header = fc.oneof(value, wellFormed);

type Said = Parameters<typeof negotiate>[0];

const checkNegotiation = (said: Said): void => {
  const negotiated = negotiate(said);
  if (!negotiated.accepts) {
    expect(['plain', 'missing-data']).toContain(negotiated.kind);
    return;
  }
  expect(['1.0', '1.1']).toContain(negotiated.version);
  expect([1, 2]).toContain(negotiated.minVersion);
  expect([1, 2]).toContain(negotiated.maxVersion);
  expect(negotiated.minVersion).toBeLessThanOrEqual(negotiated.maxVersion);
  // Nobody gets content information who has not asked for it by name.
  if (negotiated.kind === 'peerdist')
    expect(String(said['accept-encoding']).toLowerCase()).toContain('peerdist');
};

const checkInterpretation = (status: number, said: Record<string, string>, start: number): void => {
  const answer = {
    status,
    headers: new Headers(said),
    pieces: () => expect.fail('the head is enough'),
    cancel: () => Promise.resolve(),
  };
  let found: ReturnType<typeof interpret>;
  try {
    found = interpret(answer, start, 'http://localhost/');
  } catch (error) {
    if (!(error instanceof StartOver)) expect(isPeerError(error), String(error)).toBe(true);
    return;
  }
  expect([0, start]).toContain(found.start);
  if (found.brings === 'information') expect(found.length).toBeGreaterThan(found.start);
  if (found.length !== undefined) expect(Number.isSafeInteger(found.length)).toBe(true);
  // Changed on its way, it must not be taken for what the validator stands for.
  if (found.brings === 'transformed-content') expect(found.validator).toBeUndefined();
};

describe('whatever a client says', () => {
  const headers = fc.record(
    {
      'accept-encoding': header,
      'x-p2p-peerdist': fc.oneof(header, fc.array(header, { maxLength: 3 })),
      'x-p2p-peerdistex': fc.oneof(header, fc.array(header, { maxLength: 3 })),
    },
    { requiredKeys: [] },
  );

  test.prop([headers], { numRuns: 500 })(
    'the server finds a version for it, or answers plainly',
    checkNegotiation,
  );

  it.each([1, 2] as const)('what our client says up to version %i is understood', (version) => {
    const range = { accepts: true, version: '1.1', minVersion: 1, maxVersion: version };
    expect(negotiate(acceptingPeerDist(version))).toEqual({ ...range, kind: 'peerdist' });
    expect(negotiate(requestingHashes(version))).toEqual({ ...range, kind: 'hash' });
    expect(negotiate(REQUESTING_MISSING_DATA)).toEqual({ accepts: false, kind: 'missing-data' });
  });
});

describe('whatever an origin says', () => {
  const range = fc
    .tuple(fc.nat(200), fc.nat(200), fc.oneof(fc.nat(300), fc.constant('*')))
    .map(([first, last, total]) => `bytes ${first}-${last}/${String(total)}`);
  const headers = fc.record(
    {
      'content-encoding': header,
      'content-length': fc.oneof(fc.nat(300).map(String), header),
      'content-range': fc.oneof(range, header),
      'x-p2p-peerdist': fc.oneof(
        fc.nat(300).map((length) => `Version=1.1, ContentLength=${length}`),
        header,
      ),
      'x-p2p-peerdistex': header,
      etag: header,
      'last-modified': header,
      date: header,
    },
    { requiredKeys: [] },
  );

  test.prop([fc.constantFrom(200, 203, 206, 304, 416, 500), headers, fc.constantFrom(0, 0, 100)], {
    numRuns: 500,
  })('the client makes sense of it, asks otherwise, or refuses it', checkInterpretation);
});

/** Another one with every run; `FUZZ_SEED` repeats a run, `FUZZ_MS` makes it longer. */
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 32);
const budgetMs = Number(process.env['FUZZ_MS'] ?? 1_000);

/** Headers as the specification's examples have them. */
const REQUESTS: readonly Record<string, string>[] = [
  {
    'accept-encoding': 'gzip, deflate, peerdist',
    'x-p2p-peerdist': 'Version=1.1',
    'x-p2p-peerdistex': 'MinContentInformation=1.0, MaxContentInformation=2.0',
  },
  { 'accept-encoding': 'peerdist;q=0.5', 'x-p2p-peerdist': 'Version=1.0' },
  { 'accept-encoding': 'identity', 'x-p2p-peerdist': 'Version=1.1, MissingDataRequest=true' },
  {
    'x-p2p-peerdist': 'Version=1.1',
    'x-p2p-peerdistex': 'MinContentInformation=1.0, MaxContentInformation=1.0, HashRequest=true',
  },
];
const ANSWERS: readonly Record<string, string>[] = [
  {
    'content-encoding': 'peerdist',
    'content-length': '198',
    'x-p2p-peerdist': 'Version=1.1, ContentLength=184946',
    etag: '"60a8f7aec3c6"',
  },
  {
    'content-encoding': 'peerdist',
    'content-range': 'bytes 100-199/200',
    'x-p2p-peerdist': 'Version=1.0, ContentLength=100',
    'last-modified': 'Fri, 01 Aug 2008 01:02:03 GMT',
    date: 'Fri, 01 Aug 2008 01:02:05 GMT',
  },
  { 'content-length': '200', 'x-p2p-peerdistex': 'MakeHashRequest=true', etag: 'W/"a"' },
  { 'content-encoding': 'gzip', 'content-range': 'bytes 100-199/*', etag: '"a"' },
];

/** One of the headers with a few bytes changed. */
const changedOne = (
  corpus: readonly Record<string, string>[],
  random: (below: number) => number,
): Record<string, string> => {
  const said = { ...corpus[random(corpus.length)]! };
  const names = Object.keys(said);
  const [name, other] = [names[random(names.length)]!, names[random(names.length)]!];
  const bytes = mutate(
    Buffer.from(said[name]!, 'latin1'),
    random,
    Buffer.from(said[other]!, 'latin1'),
    8_000,
  );
  // Node lets no other characters through.
  said[name] = bytes.toString('latin1').replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
  return said;
};

it.each<[string, (random: (below: number) => number) => void]>([
  ['a client', (random) => checkNegotiation(changedOne(REQUESTS, random))],
  [
    'an origin',
    (random) =>
      checkInterpretation([200, 203, 206][random(3)]!, changedOne(ANSWERS, random), 100 * random(2)),
  ],
])(
  `what %s says, changed for ${budgetMs} ms, is understood or not (FUZZ_SEED=${seed})`,
  (_who, attempt) => {
    const random = randomFrom(seed);
    for (const end = performance.now() + budgetMs; performance.now() < end;) attempt(random);
  },
  budgetMs + 30_000,
);
