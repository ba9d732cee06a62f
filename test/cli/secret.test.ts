import { stat } from 'node:fs/promises';
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
