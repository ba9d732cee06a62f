import * as E from 'fp-ts/lib/Either.js';
import {
  createEnv,
  type DiagnosticEvent,
  type DistributionSession,
  openSession,
  orThrow,
  type PeerEffect,
  type PeerEnv,
  type PeerError,
} from '../../src/effects/index.js';
import {
  createFakeDriver,
  createVirtualClock,
  type FakeDriver,
  type FakeDriverOptions,
  type VirtualClock,
} from '../../src/testing/index.js';

/** A fake driver on a virtual clock with the environment around it. */
export interface Rig {
  readonly fake: FakeDriver;
  readonly clock: VirtualClock;
  readonly env: PeerEnv;
  /** What the environment was told so far. */
  readonly diagnostics: readonly DiagnosticEvent[];
  /** Runs an effect; its error rejects. */
  run<A>(effect: PeerEffect<A>): Promise<A>;
  /** Runs an effect that must fail. */
  failure(effect: PeerEffect<unknown>): Promise<PeerError>;
  /** Lets everything happen that is due. */
  settle(): Promise<void>;
}

export const createRig = (options: Omit<FakeDriverOptions, 'clock'> = {}): Rig => {
  const clock = createVirtualClock();
  const fake = createFakeDriver({ ...options, clock });
  const env = createEnv({ driver: fake, clock, random: () => 0.5 });
  const diagnostics: DiagnosticEvent[] = [];
  env.diagnostics.listen((event) => diagnostics.push(event));
  return {
    fake,
    clock,
    env,
    diagnostics,
    run: async (effect) => orThrow(await effect(env)()),
    failure: async (effect) => {
      const result = await effect(env)();
      if (E.isRight(result)) throw new Error('the effect was to fail');
      return result.left;
    },
    settle: () => clock.advance(0),
  };
};

/** A session with something published in it. */
export const publishing = async (
  { run, fake }: Rig,
  content: Uint8Array,
): Promise<{ readonly session: DistributionSession; readonly information: Uint8Array }> => {
  const session = await run(openSession());
  const raw = await fake.distribution.startup();
  const contentId = Buffer.from('the content');
  const stream = await fake.distribution.publishStream(raw, { contentId });
  await fake.distribution.addToStream(raw, stream, content);
  await fake.distribution.completeStream(raw, stream);
  await fake.distribution.closeStream(raw, stream);
  const reader = await fake.distribution.openContentInformation(raw, { contentId });
  const information = await fake.distribution.retrieveContentInformation(raw, reader, 65_536);
  await fake.distribution.closeContentInformation(raw, reader);
  return { session, information };
};
