import type { Command } from 'commander';
import { lastValueFrom, Observable, switchMap, takeUntil, tap, throwError } from 'rxjs';
import {
  createPeerweave,
  effects,
  openDriver,
  type OpenedDriver,
  PeerError,
  type Peerweave,
} from 'peerweave';
import type { EngineOptions } from 'peerweave/engine';
import { createOutput, type Output } from './output.js';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly dataDir?: string;
  readonly driver?: 'auto' | 'windows' | 'engine';
}

/** What a command works with. */
export interface Context {
  readonly peers: Peerweave;
  readonly opened: OpenedDriver;
  readonly output: Output;
  /** Fires on Ctrl-C and on a polite kill. */
  readonly signal: AbortSignal;
  /** Follows a stream to its last value; ends with Cancelled when the person stops the command. */
  last<T>(stream$: Observable<T>, onNext?: (value: T) => void): Promise<T>;
  /** Follows a stream that is meant to go on until the person stops the command, which is no failure then. */
  untilStopped<T>(stream$: Observable<T>, onNext?: (value: T) => void): Promise<void>;
}

/** Runs a command: opens the driver, and closes it whatever happens. */
export const withContext = async (
  command: Command,
  run: (context: Context) => Promise<void>,
  engine: EngineOptions = {},
): Promise<void> => {
  const options = command.optsWithGlobals<GlobalOptions>();
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  for (const name of STOPPING) process.once(name, stop);
  const opened = await openDriver({
    prefer: options.driver,
    engine: { ...engine, ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }) },
  });
  const { signal } = controller;
  const stopped$ = new Observable<true>((subscriber) => {
    const tell = (): void => subscriber.next(true);
    if (signal.aborted) tell();
    signal.addEventListener('abort', tell, { once: true });
    return () => signal.removeEventListener('abort', tell);
  });
  const failed$ = stopped$.pipe(switchMap(() => throwError(stopped)));
  try {
    await run({
      peers: createPeerweave({ driver: opened.driver }),
      opened,
      output: createOutput(options.json ?? false),
      signal,
      last: (stream$, onNext) => lastValueFrom(stream$.pipe(takeUntil(failed$), tap(onNext))),
      untilStopped: async (stream$, onNext) => {
        await lastValueFrom(stream$.pipe(takeUntil(stopped$), tap(onNext)), { defaultValue: undefined });
      },
    });
  } catch (thrown) {
    // Whatever a stopped command fails with, it failed because it was stopped.
    throw signal.aborted ? stopped() : thrown;
  } finally {
    for (const name of STOPPING) process.off(name, stop);
    await opened.driver.dispose();
  }
};

/** Ctrl-C, the end that a manager of services asks for, and a terminal that is closed. */
const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Ended by the person. */
export const stopped = (): PeerError =>
  new PeerError({
    tag: 'Cancelled',
    code: 'PEERWEAVE_CANCELLED',
    operation: 'peerweave',
    what: 'stopped by a signal',
    advice: 'What was complete by then is kept.',
  });

/** Opens a session for as long as `run` takes. */
export const inSession = async <A>(
  { peers, signal }: Context,
  run: (session: effects.DistributionSession) => Promise<A>,
): Promise<A> => {
  await using session = await peers.promise(peers.effects.openSession({ signal }));
  return await run(session);
};
