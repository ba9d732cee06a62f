import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { type HostedCacheOptions, startHostedCache } from '../../../src/engine/index.js';
import { selfSigned } from './self-signed.js';

const LISTEN = { host: '127.0.0.1', port: 0 };
const directory = 'no directory is made';

it.each<[string, object, RegExp]>([
  ['no directory', { listen: LISTEN }, /directory must be a path/],
  ['an address as text', { directory, listen: '127.0.0.1:0' }, /listen must be an address such as/],
  ['a port alone', { directory, listen: { port: 0 } }, /listen must be an address such as/],
  ['a quota of nothing', { directory, listen: LISTEN, quota: 0 }, /quota must be a whole number/],
  ['a quota as text', { directory, listen: LISTEN, quota: '5M' }, /quota must be a whole number/],
])('%s is told as a mistake, and nobody is served', async (_name, options, message) => {
  const starting = startHostedCache(options as HostedCacheOptions);
  await expect(starting).rejects.toThrow(TypeError);
  await expect(starting).rejects.toThrow(message);
});

it('a certificate that cannot work is told as a mistake', async () => {
  const { cert, key } = await selfSigned();
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  for (const secure of [
    { cert: '', key: '' },
    { cert, key: 'nothing' },
    { cert, key: (await selfSigned()).key },
    { cert, key: rsa.export({ type: 'pkcs8', format: 'pem' }) },
    { cert, key, listen: '127.0.0.1:0' },
  ]) {
    const starting = startHostedCache({ directory, listen: LISTEN, secure } as HostedCacheOptions);
    await expect(starting).rejects.toThrow(/^startHostedCache: secure/);
  }
});
