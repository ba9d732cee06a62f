import { inspect } from 'node:util';
import fc from 'fast-check';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { Observable } from 'rxjs';
import { afterAll, describe, expect, it } from 'vitest';
import * as effects from '../../src/effects/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import * as streams from '../../src/streams/index.js';
import { anyValue } from './any-value.js';
import { leftoversOf, resetMachines } from './leftovers.js';
import { buildSimulators } from './simulators.js';

const simulators = buildSimulators();
const driver = createWindowsDriver({ libraries: simulators.machines[0].libraries });
const env = effects.createEnv({ driver });
const peers = streams.createPeerweave(env);
afterAll(async () => {
  await driver.dispose();
  expect(leftoversOf(simulators)).toEqual({});
  resetMachines(simulators);
  simulators.remove();
});

const RUNS = Number(process.env['PEERWEAVE_PROPERTY_RUNS'] ?? 40);

type Outcome = { readonly error: unknown } | undefined;

const settled = (promise: Promise<unknown>): Promise<Outcome> =>
  promise.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );

interface Closeable {
  readonly close?: () => Promise<void>;
  readonly release?: () => Promise<void>;
}

/** What an effect answers on its left side. A handle on the right is closed. */
const leftOf = async (effect: TaskEither<unknown, unknown>): Promise<Outcome> => {
  const either = await effect();
  if (either._tag === 'Left') return { error: either.left };
  const opened = either.right as Closeable | null | undefined;
  await opened?.close?.();
  await opened?.release?.();
  return undefined;
};

/** The first thing an Observable tells; nothing, if it is content to wait. */
const firstOf = (stream: Observable<unknown>): Promise<Outcome> =>
  new Promise((resolve) => {
    const subscription = stream.subscribe({
      next: () => resolve(undefined),
      error: (error: unknown) => resolve({ error }),
      complete: () => resolve(undefined),
    });
    setTimeout(() => {
      subscription.unsubscribe();
      resolve(undefined);
    }, 20);
  });

/** Runs whatever a public function has answered to its end. */
const outcomeOf = async (answer: unknown): Promise<Outcome> => {
  if (answer instanceof Observable) return firstOf(answer);
  if (answer instanceof ReadableStream) return settled(answer.getReader().read());
  if (typeof answer === 'function') return leftOf(answer as TaskEither<unknown, unknown>);
  if (typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer)
    return settled((answer as AsyncIterable<unknown>)[Symbol.asyncIterator]().next());
  return settled(Promise.resolve(answer));
};

type AnyFunction = (...args: readonly unknown[]) => unknown;

const STREAMS = [
  'createGroup',
  'openGroup',
  'joinGroup',
  'joinGroupWithPassword',
  'openSession',
  'groupEvents',
  'distributionStatus',
  'distributionEvents',
  'publish',
  'retrieve',
  'contentBytes',
  'contentStream',
  'contentIterable',
] as const;

const bound = (from: object, names: readonly string[]): readonly (readonly [string, AnyFunction])[] =>
  names.flatMap((name) => {
    const value: unknown = (from as Readonly<Record<string, unknown>>)[name];
    return typeof value === 'function' ? [[name, value as AnyFunction]] : [];
  });

const functions = [
  ...bound(peers.effects, Object.keys(peers.effects)),
  ...bound(peers, STREAMS).map(([name, call]) => [`${name} (bound stream)`, call] as const),
  ...bound(streams, STREAMS).map(([name, call]) => [`${name} (stream)`, call] as const),
];

describe('whatever somebody hands to a public function on Windows', () => {
  it.each(functions)('%s answers, or fails with a PeerError', async (_name, call) => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyValue, { maxLength: 4 }), async (args) => {
        let outcome: Outcome;
        try {
          outcome = await outcomeOf(call(...args));
        } catch (error) {
          outcome = { error };
        }
        if (outcome !== undefined)
          expect(effects.isPeerError(outcome.error), inspect(outcome.error)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });
});
