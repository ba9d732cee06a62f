import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeContentInformation, parseContentInformation } from '../../../src/engine/index.js';
import { counterBytes, inPieces } from '../segmentation/contents.js';
import { generateContent, serverSecret as secret, vectors } from './vectors.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const PIECES = [1, 65_535, 70_000, 200_001];

describe('content information made without publishing', () => {
  for (const { size, algorithm, ci_sha256 } of vectors.v1.filter((vector) => vector.size <= 33_554_433)) {
    it(`of version 1: ${size} bytes with ${algorithm}, against the vectors`, async () => {
      const pieces = inPieces(generateContent(size), PIECES);
      expect(sha256(await makeContentInformation(pieces, { secret, hash: algorithm }))).toBe(ci_sha256);
    });
  }

  for (const { size, segmentation, ci_sha256 } of vectors.v2.filter(
    (vector) => vector.segmentation === 'fixed 131072' || vector.size === 1,
  )) {
    it(`of version 2: ${size} bytes, ${segmentation}, against the vectors`, async () => {
      const pieces = inPieces(generateContent(size), PIECES);
      const made = await makeContentInformation(pieces, { secret, version: 2, segmentation: 'fixed' });
      expect(sha256(made)).toBe(ci_sha256);
    });
  }

  it('of version 2 is cut where the content says so unless asked otherwise', async () => {
    const { fastcdc } = JSON.parse(
      readFileSync(new URL('../../fixtures/segmentation-vectors.json', import.meta.url), 'utf8'),
    ) as { readonly fastcdc: readonly { readonly lengths: readonly number[] }[] };
    const pieces = inPieces(counterBytes(3_000_000), PIECES);
    const made = parseContentInformation(await makeContentInformation(pieces, { secret, version: 2 }));
    expect(made.segments.map(({ info }) => info.length)).toEqual(fastcdc[0]!.lengths);
  });

  it.each([1, 2] as const)('of version %d describes a range, but never nothing', async (version) => {
    const content = generateContent(200_000);
    const range = { start: 150_000, length: 1000 };
    const made = await makeContentInformation([content], { secret, version, range });
    expect(parseContentInformation(made).range).toEqual(range);
    const outside = { start: 150_000, length: 50_001 };
    await expect(makeContentInformation([content], { secret, version, range: outside })).rejects.toThrow(
      RangeError,
    );
    await expect(makeContentInformation([], { secret, version })).rejects.toThrow(RangeError);
  });
});

describe('what cannot be made content information of', () => {
  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /secret must be a Uint8Array/],
    ['a secret as text', { secret: 'secret' }, /secret must be a Uint8Array/],
    ['a version to come', { secret, version: 3 }, /version must be 1 or 2/],
    ['a version as text', { secret, version: '2' }, /version must be 1 or 2/],
    ['a hash that there is not', { secret, hash: 'md5' }, /hash must be one of sha256/],
    ['a hash for version 2', { secret, version: 2, hash: 'sha512' }, /version 2 has no hash/],
    ['a way to cut that there is not', { secret, version: 2, segmentation: 'zzz' }, /segmentation must be/],
    ['a way to cut version 1', { secret, segmentation: 'fixed' }, /version 1 has no segmentation/],
    ['half a byte', { secret, range: { start: 1.5, length: 2 } }, /range must have/],
    ['a start as text', { secret, range: { start: '1', length: 2 } }, /range must have/],
    ['a range without an end', { secret, range: { start: 1 } }, /range must have/],
  ])('%s', async (_name, options, message) => {
    const making = makeContentInformation([Buffer.from('content')], options as { secret: Buffer });
    await expect(making).rejects.toThrow(TypeError);
    await expect(making).rejects.toThrow(message);
  });

  it('pieces that are text', async () => {
    const making = makeContentInformation(['content'] as unknown as Uint8Array[], { secret });
    await expect(making).rejects.toThrow(/pieces must be Uint8Arrays/);
  });
});
