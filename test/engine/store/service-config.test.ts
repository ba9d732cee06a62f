import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataDirectoryError, defaultDataDirectory, openDataDirectory } from '../../../src/engine/data-dir.js';
import { ServiceConfig } from '../../../src/engine/service-config.js';
import { buildProgram, output, start } from './child-program.js';
import { filesIn, temporaryDirectory } from './store-fixture.js';

describe('the data directory', () => {
  it.each([
    ['linux', {}, '/home/me/.local/share/peerweave'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/data/peerweave'],
    ['linux', { XDG_DATA_HOME: 'relative' }, '/home/me/.local/share/peerweave'],
    ['darwin', { XDG_DATA_HOME: '/data' }, '/home/me/Library/Application Support/peerweave'],
    ['win32', { LOCALAPPDATA: 'D:\\Local' }, 'D:\\Local\\peerweave'],
  ] as const)('on %s with %o is %s', (platform, env, expected) => {
    expect(defaultDataDirectory({ platform, env, home: '/home/me' })).toBe(expected);
  });

  it('is made for the owner only', async () => {
    const path = join(temporaryDirectory(), 'a', 'b');
    expect(await openDataDirectory(path)).toBe(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(await openDataDirectory(path)).toBe(path);
  });

  it('that cannot be made is a typed error', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const failed = openDataDirectory(join(file, 'data'));
    await expect(failed).rejects.toBeInstanceOf(DataDirectoryError);
    await expect(failed).rejects.toMatchObject({ cause: { code: 'ENOTDIR' } });
  });
});

describe('the service configuration', () => {
  it('is enabled until somebody disables it, for everybody', async () => {
    const directory = temporaryDirectory();
    const [one, other] = [new ServiceConfig(directory), new ServiceConfig(directory)];
    expect(await one.isEnabled()).toBe(true);
    await one.setEnabled(false);
    expect(await other.isEnabled()).toBe(false);
    await other.setEnabled(true);
    expect(await one.isEnabled()).toBe(true);
    expect(await filesIn(directory)).toEqual(['service.json']);
  });

  it.each(['', '{', 'null', '{"enabled":"yes"}'])(
    'that says %j is an error until it is set',
    async (text) => {
      const directory = temporaryDirectory();
      writeFileSync(join(directory, 'service.json'), text);
      const config = new ServiceConfig(directory);
      await expect(config.isEnabled()).rejects.toMatchObject({ name: 'ServiceConfigError' });
      await config.setEnabled(false);
      expect(await config.isEnabled()).toBe(false);
    },
  );

  it('makes one secret, readable by the owner only', async () => {
    const directory = temporaryDirectory();
    const secret = await new ServiceConfig(directory).serverSecret();
    expect(secret).toHaveLength(32);
    expect(await new ServiceConfig(directory).serverSecret()).toEqual(secret);
    expect(statSync(join(directory, 'server-secret')).mode & 0o777).toBe(0o600);
    expect(await new ServiceConfig(temporaryDirectory()).serverSecret()).not.toEqual(secret);
  });

  it('refuses a damaged secret instead of replacing it', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'server-secret'), '');
    await expect(new ServiceConfig(directory).serverSecret()).rejects.toMatchObject({
      name: 'ServiceConfigError',
    });
    expect(readFileSync(join(directory, 'server-secret'), 'utf8')).toBe('');
  });

  it('gives processes that start together one secret, and is seen to change by another', async () => {
    const programs = mkdtempSync(join(tmpdir(), 'peerweave-programs-'));
    const program = await buildProgram('config-program', programs);
    const directory = temporaryDirectory();
    const secrets = await Promise.all(
      Array.from({ length: 5 }, () => output(start(program, 'secret', directory))),
    );
    expect(secrets[0]).toMatch(/^[0-9a-f]{64}\n$/);
    expect(new Set(secrets).size).toBe(1);

    const watching = start(program, 'watch', directory);
    const said = output(watching);
    await once(watching.stdout!, 'data');
    await new ServiceConfig(directory).setEnabled(false);
    expect(await said).toBe('true\nfalse\n');
    rmSync(programs, { recursive: true });
  });

  it('stops watching when told, also twice', async () => {
    const directory = temporaryDirectory();
    const config = new ServiceConfig(directory);
    const changes: number[] = [];
    const stop = config.watch(() => changes.push(1));
    stop();
    stop();
    const seen = new Promise<void>((resolve) => {
      const stopOther = config.watch(() => {
        stopOther();
        resolve();
      });
    });
    await config.setEnabled(false);
    await seen;
    expect(changes).toEqual([]);
  });

  it('that cannot be watched is not an error', () => {
    const stop = new ServiceConfig(join(temporaryDirectory(), 'missing')).watch(() => undefined);
    stop();
  });
});
