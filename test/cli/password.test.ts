import { spawn, spawnSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AT_A_TERMINAL, COMMAND, inDirectory, run } from './run.js';

interface Typed {
  readonly code: number | null;
  /** What the terminal showed. */
  readonly shown: string;
}

/** Types each text once the terminal asks for the next one. */
const typing = async (
  directory: string,
  args: readonly string[],
  texts: readonly string[],
): Promise<Typed> => {
  const command = [process.execPath, COMMAND, '--data-dir', join(directory, 'data'), ...args];
  const child = spawn('python3', ['-c', AT_A_TERMINAL, ...command], { cwd: directory });
  const left = [...texts];
  let shown = '';
  let asked = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    shown += chunk;
    for (const questions = shown.split(': ').length - 1; asked < questions; asked += 1)
      child.stdin.write(left.shift() ?? '');
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, shown };
};

const identityIn = async (directory: string): Promise<string> =>
  (await run(directory, ['identity', 'create'])).stdout.trim();

describe.skipIf(spawnSync('python3', ['--version']).status !== 0)('at a terminal', () => {
  test('a password that is given up writes nothing and does not look like success', () =>
    inDirectory(async (directory) => {
      const name = await identityIn(directory);
      const exporting = ['identity', 'export', name, '-o', 'copy'];
      const [ctrlC, ctrlD] = ['\x03', '\x04'];
      expect(await typing(directory, exporting, [ctrlC])).toMatchObject({ code: 130 });
      expect(await typing(directory, exporting, [`half of it${ctrlC}`])).toMatchObject({ code: 130 });
      const ended = await typing(directory, exporting, [ctrlD]);
      expect(ended).toMatchObject({ code: 2 });
      expect(ended.shown).toContain('the input ended before there was a password');
      expect(await readdir(directory)).not.toContain('copy');
    }));

  test('a new password is typed twice, and never shown', () =>
    inDirectory(async (directory) => {
      const name = await identityIn(directory);
      const exporting = ['identity', 'export', name, '-o', 'copy'];
      const slip = await typing(directory, exporting, ['correct horse\r', 'correct hose\r']);
      expect(slip).toMatchObject({ code: 2 });
      expect(slip.shown).not.toContain('correct');
      expect(await readdir(directory)).not.toContain('copy');
      // Also where both lines come at once.
      const typed = ['correct horse\rcorrect horse\r'];
      expect(await typing(directory, exporting, typed)).toMatchObject({ code: 0 });
      await run(directory, ['identity', 'delete', name]);
      expect(await typing(directory, ['identity', 'import', 'copy'], ['correct horse\r'])).toMatchObject({
        code: 0,
      });
    }));
});

test('a password that is not UTF-8 is refused, as all such would be the same', () =>
  inDirectory(async (directory) => {
    const name = await identityIn(directory);
    await writeFile(join(directory, 'latin-1'), Buffer.from('pass\xe9 simple\n', 'latin1'));
    const exporting = ['identity', 'export', name, '-o', 'copy'];
    const refused = await run(directory, [...exporting, '--password-file', 'latin-1']);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('latin-1: the password is not UTF-8');
    const inEnvironment = await run(directory, exporting, { PEERWEAVE_PASSWORD: 'pass\ufffd' });
    expect(inEnvironment).toMatchObject({ code: 2 });
    expect(await readdir(directory)).not.toContain('copy');
  }));

test('the password is the first line of its file, without the end of it', () =>
  inDirectory(async (directory) => {
    const name = await identityIn(directory);
    await writeFile(join(directory, 'from-windows'), 'Größe 7\r\nsomething else');
    const exporting = ['identity', 'export', name, '-o', 'copy', '--password-file', 'from-windows'];
    expect(await run(directory, exporting)).toMatchObject({ code: 0 });
    await run(directory, ['identity', 'delete', name]);
    const password = { PEERWEAVE_PASSWORD: 'Größe 7' };
    expect(await run(directory, ['identity', 'import', 'copy'], password)).toMatchObject({ code: 0 });
  }));
