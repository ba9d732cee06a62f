import { createCipheriv, createHash } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inDirectory, run } from './run.js';

test('the server secret goes in a key file from one data directory to another', () =>
  inDirectory((one) =>
    inDirectory(async (other) => {
      const password = { PEERWEAVE_PASSWORD: 'correct horse battery' };
      const keyFile = join(one, 'key');
      expect(await run(one, ['secret', 'set', '--random'])).toMatchObject({ code: 0 });
      expect(await run(one, ['--json', 'secret', 'export', '-o', keyFile], password)).toMatchObject({
        code: 0,
        stdout: `${JSON.stringify({ output: keyFile })}\n`,
      });
      expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
      const wrong = await run(other, ['secret', 'import', keyFile], { PEERWEAVE_PASSWORD: 'staple' });
      expect(wrong).toMatchObject({ code: 2, stdout: '' });
      expect(await run(other, ['secret', 'import', keyFile], password)).toMatchObject({ code: 0 });
      expect(await run(other, ['secret', 'export', '-o', keyFile], password)).toMatchObject({ code: 5 });
      expect(await run(other, ['secret', 'set'], { PEERWEAVE_PASSWORD: '' })).toMatchObject({ code: 2 });
      const unprotected = ['secret', 'export', '-o', join(other, 'key')];
      expect(await run(other, unprotected, { PEERWEAVE_PASSWORD: '' })).toMatchObject({ code: 2 });
      await expect(stat(join(other, 'key'))).rejects.toThrow('ENOENT');
    }),
  ));

test('a password to be random is a contradiction, and a byte order mark is no part of one', () =>
  inDirectory(async (directory) => {
    const [plain, marked] = [join(directory, 'plain'), join(directory, 'marked')];
    await writeFile(plain, 'correct horse');
    await writeFile(marked, '\u{feff}correct horse\r\n');
    const both = await run(directory, ['secret', 'set', '--random', '--password-file', plain]);
    expect(both).toMatchObject({ code: 2, stdout: '' });
    expect(both.stderr).toContain('--password-file');
    const keyFile = join(directory, 'key');
    expect(await run(directory, ['secret', 'export', '-o', keyFile, '--password-file', plain])).toMatchObject(
      {
        code: 0,
      },
    );
    expect(await run(directory, ['secret', 'import', keyFile, '--password-file', marked])).toMatchObject({
      code: 0,
    });
  }));

test('a key file whose secret is too long is told as such', () =>
  inDirectory(async (directory) => {
    const keyFile = join(directory, 'key');
    // PCCRC 2.5: the hash of the secret and the secret, encrypted by the hash of the passphrase.
    const hash = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
    const secret = Buffer.alloc(32_769, 7);
    const cipher = createCipheriv('aes-256-cbc', hash(Buffer.from('pass', 'utf16le')), Buffer.alloc(16));
    await writeFile(
      keyFile,
      Buffer.concat([cipher.update(Buffer.concat([hash(secret), secret])), cipher.final()]),
    );
    const ran = await run(directory, ['secret', 'import', keyFile], { PEERWEAVE_PASSWORD: 'pass' });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain('its secret has 32769 bytes');
    expect(ran.stderr).not.toMatch(/^\s+at /m);
  }));
