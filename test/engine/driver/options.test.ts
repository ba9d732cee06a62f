import { expect, it } from 'vitest';
import { createEngineDriver, type EngineOptions } from '../../../src/engine/index.js';
import { openDriver } from '../../../src/index.js';

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
])('%j are options', async (options) => {
  await createEngineDriver(options).dispose();
});
