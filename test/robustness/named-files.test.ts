import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { COMMAND, run, start } from '../cli/run.js';
import { contentOf, failureOf, inDirectory, openNode, publishOn, retrieveOn } from './support/node.js';

const CONTENT = contentOf(300_000);

describe('a file to read that is', () => {
  it.each([
    ['an endless device', '/dev/zero', 2],
    ['a directory', 'directory', 2],
    ['larger than anything to read', 'sparse', 2],
    ['missing', 'missing', 3],
    ['below a file', 'file/below', 2],
  ])('%s is refused at once', (_name, path, code) =>
    inDirectory(async (directory) => {
      await mkdir(join(directory, 'directory'));
      await writeFile(join(directory, 'file'), '');
      await writeFile(join(directory, 'sparse'), '');
      await truncate(join(directory, 'sparse'), 2_000_000_000);
      const ran = await run(directory, ['--json', 'retrieve', path, '-o', 'copy']);
      expect(ran.code, ran.stderr).toBe(code);
      expect(JSON.parse(ran.stderr)).toHaveProperty('error._tag');
      expect(await readdir(directory)).not.toContain('copy');
    }),
  );

  it('a pipe that nobody writes to is given up by a signal', () =>
    inDirectory(async (directory) => {
      execFileSync('mkfifo', [join(directory, 'pipe')]);
      const { child, ended } = start(directory, ['--json', 'retrieve', 'pipe', '-o', 'copy']);
      await setTimeout(500);
      child.kill('SIGTERM');
      const { code, signal } = { code: (await ended).code, signal: child.signalCode };
      // Before the command has begun to listen for it, the signal itself ends the process.
      expect(code === 130 || signal === 'SIGTERM').toBe(true);
    }));

  it('a pipe with a writer is read to its end', () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, 'content'), CONTENT);
      expect((await run(directory, ['ci', 'make', 'content', '-o', 'content.ci'])).code).toBe(0);
      const show = `cat content.ci | "$0" "$1" --json ci show /dev/stdin`;
      const shown = spawnSync('sh', ['-c', show, process.execPath, COMMAND], { cwd: directory });
      expect(JSON.parse(shown.stdout.toString())).toMatchObject({
        range: { length: CONTENT.length },
      });
    }));
});

describe('a place to write to that is', () => {
  it('a pipe, a device or a directory stays what it is', () =>
    inDirectory(async (directory) => {
      await using node = await openNode(join(directory, 'data'));
      const information = await publishOn(node, CONTENT);
      execFileSync('mkfifo', [join(directory, 'pipe')]);
      await symlink('/dev/null', join(directory, 'null'));
      for (const place of ['pipe', 'null', '.']) {
        const failure = await failureOf(retrieveOn(node, information, { to: join(directory, place) }));
        expect(failure._tag, place).toBe('BadArgument');
      }
      const before = await readdir(directory);
      expect(before.sort()).toEqual(['data', 'null', 'pipe']);
    }));

  it('taken keeps what it has, and is replaced by --force', () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, 'content'), CONTENT);
      await writeFile(join(directory, 'out.ci'), 'mine');
      expect((await run(directory, ['ci', 'make', 'content', '-o', 'out.ci'])).code).toBe(5);
      expect(await readFile(join(directory, 'out.ci'), 'utf8')).toBe('mine');
      expect((await run(directory, ['ci', 'make', 'content', '-o', 'out.ci', '--force'])).code).toBe(0);
      expect((await run(directory, ['ci', 'show', 'out.ci'])).code).toBe(0);
      expect((await readdir(directory)).sort()).toEqual(['content', 'out.ci']);
    }));

  it('full is a system fault', () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, 'content'), CONTENT);
      const ran = await run(directory, ['--json', 'ci', 'make', 'content', '-o', '/dev/full', '--force']);
      expect(ran.code).toBe(1);
      expect(JSON.parse(ran.stderr)).toMatchObject({ error: { _tag: 'System', code: 'ENOSPC' } });
    }));
});

it.each(['pipe', '/dev/zero', 'empty', 'missing', '.'])('publishing %s is refused', (source) =>
  inDirectory(async (directory) => {
    execFileSync('mkfifo', [join(directory, 'pipe')]);
    await writeFile(join(directory, 'empty'), '');
    const running = start(directory, ['--json', 'publish', source]);
    const ran = await running.ended;
    expect(ran.code).toBe(source === 'missing' ? 3 : 2);
    expect(JSON.parse(ran.stderr)).toHaveProperty('error._tag');
  }),
);
