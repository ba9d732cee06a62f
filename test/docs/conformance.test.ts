import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const fromRoot = (path: string): URL => new URL(`../../${path}`, import.meta.url);

const { methods, untested } = JSON.parse(
  readFileSync(fromRoot('test/fixtures/windows-suite-methods.json'), 'utf8'),
) as { readonly methods: readonly string[]; readonly untested: readonly string[] };

/** The cells of every row of every table, without their heads. */
const rows = readFileSync(fromRoot('docs/CONFORMANCE.md'), 'utf8')
  .split('\n')
  .filter(
    (line) => line.startsWith('| ') && !/^\| (?:-|method|statement|topic|content information)/.test(line),
  )
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\|?\s*|\s*\|?$/g, '')));

const nameOf = ([name = '']: readonly string[]): string => name.replaceAll('`', '');

const testsOf = (cells: readonly string[]): { readonly path: string; readonly title: string }[] =>
  [...cells.join(' ').matchAll(/\[([^\]]+)\]\(\.\.\/([^)]+)\)/g)].map(([, title = '', path = '']) => ({
    title,
    path,
  }));

describe('the table of conformance', () => {
  it.each([
    ['methods of the suite', methods],
    ['statements without a method', untested],
  ])('has each of the %s once', (_what, names) => {
    const found = rows.map(nameOf).filter((name) => names.includes(name));
    expect(found.toSorted()).toEqual(names.toSorted());
  });

  it('names a test for everything that is not marked as open', () => {
    const listed = rows.filter((cells) => [...methods, ...untested].includes(nameOf(cells)));
    const without = listed.filter((cells) => testsOf(cells).length === 0);
    expect(without.filter((cells) => !cells.some((cell) => cell.startsWith('open: '))).map(nameOf)).toEqual(
      [],
    );
  });

  it.each(rows.flatMap(testsOf))('names a test that exists: $title in $path', ({ title, path }) => {
    expect(existsSync(fromRoot(path))).toBe(true);
    const source = readFileSync(fromRoot(path), 'utf8');
    for (const part of title.split(' › ')) expect(source).toContain(part);
  });
});
