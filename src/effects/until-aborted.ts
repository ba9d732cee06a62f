/**
 * What a promise settles with, or `undefined` as soon as the signal fires. `Promise.race` would do, but leaves something
 * behind on the longer-lived promise with every call.
 */
export const untilAborted = <A>(promise: Promise<A>, signal: AbortSignal): Promise<A | undefined> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) {
      // Nobody else may be there to see it fail.
      promise.catch(() => undefined);
      resolve(undefined);
      return;
    }
    const onAbort = (): void => resolve(undefined);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
