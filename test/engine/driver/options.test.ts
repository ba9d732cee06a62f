import { expect, it } from 'vitest';
import { createEngineDriver, type EngineOptions } from '../../../src/engine/index.js';
import { createPeerweave, openDriver } from '../../../src/index.js';

const ADDRESS = /listen must be false, or an address such as/;

it.each<[string, unknown, RegExp]>([
  ['null', null, /the options must be an object/],
  ['an address as text', { listen: '127.0.0.1:0' }, ADDRESS],
  ['a host as text', { listen: '0.0.0.0' }, ADDRESS],
  ['a port alone', { listen: 5 }, ADDRESS],
  ['true', { listen: true }, ADDRESS],
  ['a list', { listen: ['127.0.0.1'] }, ADDRESS],
  ['null for an address', { listen: null }, ADDRESS],
  ['a port without a host', { listen: { port: 80 } }, ADDRESS],
  ['a host that is a number', { listen: { host: 5 } }, ADDRESS],
  ['no host', { listen: { host: '' } }, ADDRESS],
  ['a host with its port', { listen: { host: '127.0.0.1:80' } }, ADDRESS],
  ['a URL for a host', { listen: { host: 'http://127.0.0.1' } }, ADDRESS],
  ['a port that is none', { listen: { host: '127.0.0.1', port: 65_536 } }, ADDRESS],
  ['a port as text', { listen: { host: '127.0.0.1', port: '80' } }, ADDRESS],
  ['a directory that is a number', { dataDir: 5 }, /dataDir must be a path/],
  ['a directory without a name', { dataDir: '' }, /dataDir must be a path/],
  ['a hash that is not served', { hash: 'md5' }, /hash must be one of sha256/],
  ['a hosted cache without an address', { hostedCache: {} }, /hostedCache.address must be host:port/],
  [
    'a hosted cache without a port',
    { hostedCache: { address: 'x' } },
    /hostedCache.address must be host:port/,
  ],
  [
    'a secure address that is none',
    { hostedCache: { address: 'x:1', secure: { address: 'x' } } },
    /hostedCache.secure.address must be host:port/,
  ],
  [
    'a turn that there is not',
    { hostedCache: { address: 'x:1', turn: 'never' } },
    /hostedCache.turn must be/,
  ],
  ['a cache that is none', { cache: 5 }, /cache must be settings/],
  ['a quota that is none', { cache: { quota: 'x' } }, /cache must be settings/],
  [
    'a quota of next to nothing',
    { cache: { quota: 5 } },
    /a quota is a whole number of bytes from 1048576 to/,
  ],
  ['more than all of the disk', { cache: { quota: { percent: 500 } } }, /at most 100 percent/],
  ['an age below zero', { cache: { maxAgeMs: -1 } }, /a maximum age is a second or more/],
  ['limits that are none', { limits: 5 }, /limits must be an object/],
  ['a part of limits that is none', { limits: { content: 5 } }, /limits.content must be an object/],
  [
    'nothing ahead',
    { limits: { content: { readAheadBlocks: 0 } } },
    /readAheadBlocks must be a number, 1 or more/,
  ],
  [
    'no requests',
    { limits: { client: { requests: 0 } } },
    /limits.client.requests must be a number, 1 or more/,
  ],
  ['less than no time', { limits: { client: { overtakeMs: -1 } } }, /overtakeMs must be a number, 0 or more/],
  ['no number', { limits: { server: { connections: Number.NaN } } }, /connections must be a number/],
  ['a number as text', { limits: { discovery: { transmissions: '3' } } }, /transmissions must be a number/],
  ['half a thread', { hashWorkers: 0.5 }, /hashWorkers must be a whole number/],
])('%s is told as a mistake, and nobody is served', async (_name, options, message) => {
  const make = (): unknown => createEngineDriver(options as EngineOptions);
  expect(make).toThrow(TypeError);
  expect(make).toThrow(message);
  if (options === null) return;
  const opening = openDriver({ prefer: 'engine', engine: options as EngineOptions });
  await expect(opening).rejects.toThrow(message);
});

it.each<EngineOptions>([
  {},
  { listen: false },
  { listen: { host: '::1' } },
  { listen: { host: 'fe80::1%eth0', port: 0 } },
  { listen: { host: 'localhost', port: 65_535 } },
  { listen: { host: 'my_host.example.', port: undefined } },
  { dataDir: 'relative', hashWorkers: 0 },
  { hostedCache: { address: '[::1]:80', secure: { address: 'cache.example:443' }, turn: 'before-peers' } },
  { cache: {}, hash: 'sha512', limits: { content: { maxEarlyBytes: 0 }, client: undefined } },
  { cache: { quota: { percent: 5 }, maxAgeMs: 1_000 } },
  { cache: { quota: undefined } as never },
])('%j are options', async (options) => {
  await createEngineDriver(options).dispose();
});

it('a preference that there is not is told as a mistake', async () => {
  await expect(openDriver({ prefer: 'x' as 'auto' })).rejects.toThrow(
    /prefer must be one of auto, windows, engine/,
  );
});

it.each([undefined, null, {}, { driver: {} }, { driver: { grouping: {} } }])(
  '%j is no driver to work with',
  (parts) => {
    expect(() => createPeerweave(parts as unknown as Parameters<typeof createPeerweave>[0])).toThrow(
      expect.objectContaining({ _tag: 'BadArgument' }),
    );
  },
);
