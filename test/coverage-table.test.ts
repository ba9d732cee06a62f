import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { isDriverFault, type Driver } from '../src/driver/index.js';
import { createEngineDriver } from '../src/engine/index.js';
import * as effects from '../src/effects/index.js';
import * as streams from '../src/streams/index.js';
import { createFakeDriver } from '../src/testing/index.js';
import { callDistribution } from './coverage-calls.js';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

interface Row {
  readonly subject: string;
  readonly contract: string;
  readonly effects: readonly string[];
  readonly streams: readonly string[];
  readonly windows: string;
  readonly engine: string;
  readonly fake: string;
}

const quoted = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

const rowsOf = (section: string): readonly Row[] =>
  section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [, subject = '', contract = '', own = '', flow = '', windows = '', engine = '', fake = ''] = line
        .split('|')
        .map((cell) => cell.trim());
      const [name = ''] = quoted(subject);
      return { subject: name, contract, effects: quoted(own), streams: quoted(flow), windows, engine, fake };
    });

const [functionSection = '', memberSection = ''] = read('docs/COVERAGE.md').split(
  '## Members of the contract',
);
const functions = rowsOf(functionSection);
const extras = rowsOf(memberSection);
const nativeNames = (JSON.parse(read('test/fixtures/native-names.json')) as { names: readonly string[] })
  .names;

/** `family.member` of every function that the interfaces of the contract declare. */
const contractMembers = (['grouping', 'identity', 'enumeration', 'distribution'] as const).flatMap(
  (family) => {
    const source = ts.createSourceFile(family, read(`src/driver/${family}.ts`), ts.ScriptTarget.ES2022);
    return source.statements
      .filter(ts.isInterfaceDeclaration)
      .filter(({ name }) => name.text.toLowerCase() === `${family}driver`)
      .flatMap(({ members }) => members.filter(ts.isMethodSignature))
      .map(({ name }) => `${family}.${(name as ts.Identifier).text}`);
  },
);

const memberOf = ({ contract }: Row): readonly string[] =>
  quoted(contract).filter((name) => name.includes('.'));

/** What `name` or `name.method` stands for among the exports of a room. */
const exported = (room: Readonly<Record<string, unknown>>, path: string): unknown => {
  const [name = '', method] = path.split('.');
  const value = room[name];
  return method === undefined
    ? value
    : (value as { readonly prototype: Record<string, unknown> }).prototype[method];
};

describe('the table', () => {
  it('lists every function once', () => {
    expect(nativeNames).toHaveLength(82);
    expect(functions.map(({ subject }) => subject).toSorted()).toEqual([...nativeNames].toSorted());
  });

  it('places every member of the contract, and none that does not exist', () => {
    const placed = new Set([...functions.flatMap(memberOf), ...extras.map(({ subject }) => subject)]);
    expect([...placed].toSorted()).toEqual(contractMembers.toSorted());
  });

  it.each([...functions, ...extras].map((row) => [row.subject, row] as const))(
    'names exports for %s that exist',
    (_subject, row) => {
      for (const name of row.effects)
        expect([name, typeof exported(effects, name)]).toEqual([name, 'function']);
      for (const name of row.streams)
        expect([name, typeof exported(streams, name)]).toEqual([name, 'function']);
      expect(row.effects.length > 0 || memberOf(row).length === 0).toBe(true);
    },
  );
});

describe('the exports', () => {
  const named = (column: 'effects' | 'streams'): ReadonlySet<string> =>
    new Set([...functions, ...extras].flatMap((row) => row[column]).map((path) => path.split('.')[0] ?? ''));

  it('include no effect that the table leaves out', () => {
    const missing = Object.keys(
      effects.createEffects(effects.createEnv({ driver: createFakeDriver() })),
    ).filter((name) => !named('effects').has(name));
    expect(missing).toEqual([]);
  });

  it('include no stream that the table leaves out, besides operators and what needs no function', () => {
    const missing = Object.keys(streams).filter((name) => !named('streams').has(name));
    expect(missing.toSorted()).toEqual([
      'boundedQueue',
      'createPeerweave',
      'diagnosticEvents',
      'shareLatest',
      'toAsyncIterable',
      'toEither',
    ]);
  });
});

describe('the state of the Windows driver', () => {
  const sources = readdirSync(new URL('../src/native', import.meta.url))
    .filter((file) => !file.startsWith('bindings'))
    .map((file) => read(`src/native/${file}`))
    .join('\n');

  it.each(functions.map(({ subject, windows }) => [subject, windows]))('for %s is %s', (name, state) => {
    expect(new RegExp(`['"]${name}['"]`).test(sources)).toBe(state === 'yes');
  });
});

/**
 * What a driver says to a member. Members of distribution are asked for something that they can do, so they must do it;
 * others get hardly more than an open group: what matters is only whether they refuse as such.
 */
const answer = async (driver: Driver, path: string): Promise<string> => {
  const [family = '', name = ''] = path.split('.');
  const members = driver[family as keyof Driver] as unknown as Record<
    string,
    (...args: unknown[]) => Promise<unknown>
  >;
  await driver.grouping.startup();
  const creatorPeerName = await driver.identity.create({ classifier: 'owner' });
  const group = await driver.grouping.create({ creatorPeerName });
  try {
    if (family === 'distribution') await callDistribution(driver.distribution, name);
    else await members[name]!(group, {});
    return 'yes';
  } catch (thrown) {
    if (isDriverFault(thrown) && ['E_NOTIMPL', 'ERROR_NOT_SUPPORTED'].includes(thrown.symbol))
      return thrown.reason === undefined ? 'unsupported, without a reason' : 'unsupported';
    if (family === 'distribution') throw thrown;
    return 'yes';
  }
};

const [placed, instead] = [
  functions.filter((row) => memberOf(row).length > 0),
  extras.filter(({ subject }) => subject.includes('.')),
];

/** Member and state of every row, for one driver. */
const statesOf = (driver: 'engine' | 'fake'): readonly (readonly [member: string, state: string])[] => [
  ...placed.map((row) => [memberOf(row)[0] ?? '', row[driver]] as const),
  ...instead.map((row) => [row.subject, row[driver]] as const),
];

/** What stands behind the word says in how far: `yes (not with ...)`. */
const wordOf = (state: string): string => state.replace(/ \(.*\)$/, '');

describe('the state of the fake driver', () => {
  it.each(statesOf('fake'))('for %s is %s', async (member, state) => {
    const driver = createFakeDriver();
    expect(await answer(driver, member)).toBe(wordOf(state));
    await driver.dispose();
  });
});

describe('the state of the engine', () => {
  it.each(statesOf('engine'))('for %s is %s', async (member, state) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'peerweave-coverage-'));
    const engine = createEngineDriver({ dataDir });
    try {
      expect(await answer(engine, member)).toBe(wordOf(state));
    } finally {
      await engine.dispose();
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
