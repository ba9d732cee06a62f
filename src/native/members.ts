import type { CallOptions, FaultSpace } from '../driver/index.js';
import * as check from './check.js';
import { Aborted, faultFrom } from './failure.js';
import type { Runtime } from './runtime.js';

/** Loads koffi on the first call of any member. */
export type LoadRuntime = () => Promise<Runtime>;

/**
 * Makes the members of one family: each gets the loaded runtime, and whatever goes wrong in it comes out as a
 * DriverFault of the family's space.
 */
export const membersOf =
  (family: string, space: FaultSpace, load: LoadRuntime) =>
  <Args extends readonly unknown[], Result>(
    name: string,
    run: (runtime: Runtime, ...args: Args) => Result | Promise<Result>,
  ) =>
  async (...args: Args): Promise<Result> => {
    try {
      return await run(await load(), ...args);
    } catch (error) {
      throw faultFrom(space, `${family}.${name}`, error);
    }
  };

export type MakeMember = ReturnType<typeof membersOf>;

export const signalOf = (call: CallOptions | undefined): AbortSignal | undefined => {
  if (call === undefined) return undefined;
  const { signal } = check.object(call, 'options');
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new check.BadValue('signal', 'an AbortSignal');
  return signal;
};

/**
 * Waits for work that itself cannot be stopped, until `signal` ends the waiting. What arrives too late is given to
 * `discard`.
 */
export const abortable = async <Result>(
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
  discard: (late: Result) => void,
): Promise<Result> => {
  if (signal === undefined) return work();
  if (signal.aborted) throw new Aborted();
  const result = work();
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      result.then(discard).catch(() => undefined);
      reject(new Aborted());
    };
    signal.addEventListener('abort', onAbort, { once: true });
    // The listener goes first: an abort that comes after the result must not discard what somebody has.
    const stopListening = (): void => signal.removeEventListener('abort', onAbort);
    result.finally(stopListening).then(resolve, reject);
  });
};
