import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** The first cells of the table below a heading. */
const namesIn = (markdown: string, firstCell: string): readonly string[] =>
  (markdown.split(new RegExp(`^\\| ${firstCell} .*\\n\\|[ |-]+\\n`, 'm'))[1] ?? '')
    .split('\n\n')[0]!
    .split('\n')
    .map((line) => (line.split('|')[1] ?? '').trim());

it('docs/WINDOWS.md has the checks that npm run verify:windows makes, in their order', () => {
  const checks = execFileSync(process.execPath, ['scripts/verify-windows.mjs', '--list'], {
    encoding: 'utf8',
  });
  const documented = namesIn(readFileSync('docs/WINDOWS.md', 'utf8'), 'check');
  expect(documented).toEqual(checks.trim().split('\n'));
});
