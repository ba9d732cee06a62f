import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inDirectory, run, start } from './run.js';

const leftovers = async (): Promise<readonly string[]> =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('peerweave-demo-'));

test('the demo does the whole job with a file of the user and leaves nothing behind', () =>
  inDirectory(async (directory) => {
    const before = await leftovers();
    await writeFile(join(directory, 'mine.bin'), randomBytes(1_000_000));
    const { code, stdout, stderr } = await run(directory, ['demo', 'mine.bin']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/group +open[^]*group +closed by unsubscribing/);
    expect(stdout).toMatch(
      /status +available\n +status +disabled, closed before this: content, content information, publication stream\n[^]*status +available\n/,
    );
    expect(stdout).toMatch(/bytes from peers +1000000 /);
    expect(stdout).toMatch(/SHA-256 equal +yes, [0-9a-f]{64}/);
    expect(await leftovers()).toEqual(before);
  }));

test.each([
  ['while it makes its file', /Publish 4096 MiB/, '4096'],
  ['as soon as it has published', /published model.bin/, '256'],
])('Ctrl-C %s ends the demo at once and removes its files', (_when, line, size) =>
  inDirectory(async (directory) => {
    const before = await leftovers();
    const demo = start(directory, ['demo', '--size', size]);
    await demo.line(line);
    demo.child.kill('SIGINT');
    const { code, stdout, stderr } = await demo.ended;
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(stdout).not.toContain('retrieved and verified');
    expect(await leftovers()).toEqual(before);
  }),
);
