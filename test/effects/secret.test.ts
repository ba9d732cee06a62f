import { Console } from 'node:console';
import { PassThrough } from 'node:stream';
import { inspect } from 'node:util';
import { serialize } from 'node:v8';
import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { isPeerError } from '../../src/effects/error/index.js';
import { Secret } from '../../src/effects/secret.js';

const PASSWORD = 'correct horse';

const printed = (value: unknown): string => {
  const sink = new PassThrough();
  new Console(sink).log(value, { nested: [value] }, '%s %o', value);
  return String(sink.read());
};

const leaks = (output: string): boolean =>
  output.includes('correct') || output.includes(Buffer.from('correct', 'utf16le').toString('latin1'));

describe('a secret', () => {
  it.each([
    ['console.log', printed],
    [
      'inspect with everything shown',
      (value: unknown) => inspect(value, { showHidden: true, depth: Infinity, getters: true }),
    ],
    ['JSON.stringify', (value: unknown) => JSON.stringify({ value })],
    ['String', String],
    ['a template', (value: unknown) => `<${value as string}>`],
    ['concatenation', (value: unknown) => '<' + (value as string)],
    ['structuredClone', (value: unknown) => inspect(structuredClone({ ...(value as object) }))],
    ['v8.serialize', (value: unknown) => serialize({ ...(value as object) }).toString('latin1')],
    ['its own properties', (value: unknown) => inspect(Object.getOwnPropertyDescriptors(value))],
  ])('does not show in %s', (_how, show) => {
    using secret = Secret.of(PASSWORD);
    expect(leaks(show(secret))).toBe(false);
  });

  it('reads as redacted', () => {
    using secret = Secret.of(PASSWORD);
    expect([String(secret), JSON.stringify(secret), inspect(secret)]).toEqual([
      '[redacted]',
      '"[redacted]"',
      'Secret [redacted]',
    ]);
  });

  propertyTest.prop([fc.string({ unit: 'binary' })])('lends a text as UTF-16LE', (text) => {
    using secret = Secret.of(text);
    expect(secret.use((bytes) => new TextDecoder('utf-16le', { ignoreBOM: true }).decode(bytes))).toBe(text);
  });

  propertyTest.prop([fc.string({ unit: 'grapheme' })])(
    'is the same from a text and from its UTF-8 bytes',
    (text) => {
      using fromText = Secret.of(text);
      using fromBytes = Secret.of(new TextEncoder().encode(text));
      expect(fromBytes.use((bytes) => Buffer.from(bytes))).toEqual(
        fromText.use((bytes) => Buffer.from(bytes)),
      );
    },
  );

  it('refuses bytes that are not UTF-8, without showing them', () => {
    expect(() => Secret.of(Uint8Array.of(0xff, 0xfe))).toThrow(/UTF-8/);
  });

  it('shares no memory with other buffers', () => {
    using secret = Secret.of(PASSWORD);
    expect(secret.use((bytes) => bytes.buffer.byteLength)).toBe(PASSWORD.length * 2);
  });
});

describe('release', () => {
  it.each([PASSWORD, new TextEncoder().encode(PASSWORD)])('overwrites the content', (content) => {
    const secret = Secret.of(content);
    const lent = secret.use((bytes) => bytes);
    expect(Buffer.from(lent).toString('utf16le')).toBe(PASSWORD);
    secret.release();
    expect(lent.every((byte) => byte === 0)).toBe(true);
    secret.release();
  });

  it('happens at the end of a using block', () => {
    let lent: Uint8Array;
    {
      using secret = Secret.of(PASSWORD);
      lent = secret.use((bytes) => bytes);
    }
    expect(lent.every((byte) => byte === 0)).toBe(true);
  });

  it('leaves the bytes it was made from to the caller', () => {
    const bytes = new TextEncoder().encode(PASSWORD);
    Secret.of(bytes).release();
    expect(new TextDecoder().decode(bytes)).toBe(PASSWORD);
  });

  it('makes later use a typed error', () => {
    const secret = Secret.of(PASSWORD);
    secret.release();
    try {
      secret.use(() => undefined);
      expect.unreachable();
    } catch (thrown) {
      expect(isPeerError(thrown) && thrown._tag).toBe('HandleClosed');
    }
  });
});
