import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inDirectory, run } from './run.js';

test('an identity and its group from creation to deletion, through an export', () =>
  inDirectory(async (directory) => {
    const password = { PEERWEAVE_PASSWORD: 'correct horse' };
    const created = await run(directory, [
      'identity',
      'create',
      '--classifier',
      'alice',
      '--friendly-name',
      'Alice',
    ]);
    const name = created.stdout.trim();
    expect(name).toMatch(/^[0-9a-f]{40}\.alice$/);

    const group = JSON.parse(
      (await run(directory, ['--json', 'group', 'create', '--identity', name, '--friendly-name', 'Chess']))
        .stdout,
    ) as { readonly groupPeerName: string };
    expect(group).toMatchObject({ friendlyName: 'Chess', creatorPeerName: name });
    expect((await run(directory, ['group', 'list', '--identity', name])).stdout).toContain(
      group.groupPeerName,
    );

    const exported = ['identity', 'export', name, '-o', 'alice.xml'];
    expect(await run(directory, exported, password)).toMatchObject({ code: 0 });
    expect((await stat(join(directory, 'alice.xml'))).mode & 0o777).toBe(0o600);
    expect(await run(directory, exported)).toMatchObject({ code: 2 });

    const config = ['group', 'export', group.groupPeerName, '--identity', name, '-o', 'group.xml'];
    expect(await run(directory, config, password)).toMatchObject({ code: 0 });

    expect(await run(directory, ['identity', 'delete', name])).toMatchObject({ code: 6 });
    expect(await run(directory, ['group', 'delete', group.groupPeerName, '--identity', name])).toMatchObject({
      code: 0,
    });
    expect(await run(directory, ['identity', 'delete', name])).toMatchObject({ code: 0 });
    expect((await run(directory, ['identity', 'list'])).stdout.trim()).toBe('no identities');

    await writeFile(join(directory, 'wrong'), 'wrong\n');
    const wrong = await run(directory, ['identity', 'import', 'alice.xml', '--password-file', 'wrong']);
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(await run(directory, ['identity', 'import', 'alice.xml'], password)).toMatchObject({
      stdout: `${name}\n`,
    });
    expect(await run(directory, ['group', 'import', 'group.xml'], password)).toMatchObject({
      stdout: `${group.groupPeerName}\n`,
    });
    const shown = JSON.parse(
      (await run(directory, ['--json', 'group', 'show', group.groupPeerName, '--identity', name])).stdout,
    ) as object;
    expect(shown).toMatchObject({ friendlyName: 'Chess' });
  }));

test('a name with line breaks makes no lines of its own', () =>
  inDirectory(async (directory) => {
    const forged = `Alice\n${'0'.repeat(40)}.fake  Mallory`;
    const name = (await run(directory, ['identity', 'create', '--friendly-name', forged])).stdout.trim();
    const { stdout } = await run(directory, ['identity', 'list']);
    expect(stdout).toBe(`${name}  ${forged.replace('\n', '?')}\n`);
    const [listed] = (
      JSON.parse((await run(directory, ['--json', 'identity', 'list'])).stdout) as {
        readonly identities: readonly object[];
      }
    ).identities;
    expect(listed).toMatchObject({ friendlyName: forged });
  }));

test('says in plain words what is in the way of an output', () =>
  inDirectory(async (directory) => {
    const name = (await run(directory, ['identity', 'create'])).stdout.trim();
    await mkdir(join(directory, 'folder'));
    await writeFile(join(directory, 'file'), 'there');
    const password = { PEERWEAVE_PASSWORD: 'correct horse' };
    const exportTo = (...args: readonly string[]) =>
      run(directory, ['identity', 'export', name, ...args], password);
    for (const force of [[], ['--force']]) {
      const refused = await exportTo('-o', 'folder', ...force);
      expect(refused).toMatchObject({ code: 2 });
      expect(refused.stderr).toContain('folder: that is a directory');
    }
    const refused = await exportTo('-o', 'file');
    expect(refused).toMatchObject({ code: 5 });
    expect(refused.stderr).toContain('file: there is one already');
    expect(refused.stderr).not.toContain('.part');
    expect(await readFile(join(directory, 'file'), 'utf8')).toBe('there');
  }));

test('an empty data directory is not the one that the command runs in', () =>
  inDirectory(async (directory) => {
    expect(await run(directory, ['identity', 'create', '--data-dir', ''])).toMatchObject({ code: 2 });
    expect(await readdir(directory)).toEqual([]);
  }));
