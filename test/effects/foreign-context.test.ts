import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

const PROGRAM = `
import { createPeerweave, effects as unbound, publish, retrieve } from 'peerweave';
import { createEngineDriver } from 'peerweave/engine';
import { createFakeDriver } from 'peerweave/testing';
import { lastValueFrom } from 'rxjs';

const isHere = new Error() instanceof Error && !(setTimeout instanceof Function);

const withFake = async () => {
  const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
  await using session = await promise(effects.openSession());
  return (await lastValueFrom(publish(new Uint8Array([1, 2, 3]), { session })))._tag;
};

const withEngine = async (dataDir) => {
  const driver = createEngineDriver({ dataDir });
  try {
    const { effects, promise } = createPeerweave({ driver });
    await using session = await promise(effects.openSession());
    const { contentInformation } = await lastValueFrom(publish(new Uint8Array([1, 2, 3]), { session }));
    const { _tag } = await lastValueFrom(retrieve(contentInformation, { session }));
    const creatorPeerName = await promise(effects.createIdentity());
    const { groupPeerName } = await promise(
      effects.withGroup({ creatorPeerName }, unbound.getGroupProperties, { connect: 'manual' }),
    );
    const missing = await lastValueFrom(publish('/there/is/nothing', { session })).catch((error) => error);
    return { _tag, isNamed: groupPeerName.length > 40, missing: missing._tag };
  } finally {
    await driver.dispose();
  }
};

export const run = async (dataDir) => ({ isHere, fake: await withFake(), engine: await withEngine(dataDir) });
`;

/** What Jest gives to the context of its tests that is not JavaScript itself. */
const surroundings = () => {
  const { console, process, Buffer, URL, URLSearchParams, TextEncoder, TextDecoder, crypto } = globalThis;
  const { AbortController, AbortSignal, Event, EventTarget, performance, structuredClone } = globalThis;
  const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = globalThis;
  const { queueMicrotask, fetch, Headers, Request, Response, Uint8Array, ArrayBuffer } = globalThis;
  const node = { console, process, Buffer, URL, URLSearchParams, TextEncoder, TextDecoder, crypto };
  const events = { AbortController, AbortSignal, Event, EventTarget, performance, structuredClone };
  const timers = { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate };
  return {
    ...{ ...node, ...events, ...timers },
    ...{ queueMicrotask, fetch, Headers, Request, Response, Uint8Array, ArrayBuffer },
  };
};

it('works in a context of its own, as Jest runs tests in', async () => {
  const src = fileURLToPath(new URL('../../src/', import.meta.url));
  const { outputFiles } = await build({
    stdin: { contents: PROGRAM, resolveDir: src },
    alias: {
      peerweave: join(src, 'index.ts'),
      'peerweave/engine': join(src, 'engine/index.ts'),
      'peerweave/testing': join(src, 'testing/index.ts'),
    },
    external: ['koffi'],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'error',
    define: { 'import.meta.url': 'undefined' },
  });
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-context-'));
  try {
    const context = createContext(surroundings());
    const module = { exports: {} as { run(dataDir: string): Promise<unknown> } };
    const wrapped = `(function (module, exports, require) {${outputFiles[0]?.text ?? ''}\n})`;
    const load = runInContext(wrapped, context) as (...parameters: readonly unknown[]) => void;
    load(module, module.exports, createRequire(import.meta.url));
    expect(await module.exports.run(join(directory, 'data'))).toEqual({
      isHere: true,
      fake: 'Published',
      engine: { _tag: 'Retrieved', isNamed: true, missing: 'NotFound' },
    });
  } finally {
    await rm(directory, { recursive: true });
  }
});
