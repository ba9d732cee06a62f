/** Thrown by a check that cannot be made here; the reason is for the report. */
export class Skip extends Error {}

/** Throws the reason, which is for the report, unless `value` is true. */
export const assert = (value, reason) => {
  if (!value) throw new Error(reason);
};

const LIMIT_MS = 90_000;

/** Rejects after `ms`, so that a call which hangs in the system costs one line of the report and not the report. */
export const within = async (ms, what, promise) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing after ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** Runs one check; a check answers what is worth knowing, and throws what is wrong. */
export const runCheck = async ({ name, run }, context) => {
  const begun = performance.now();
  const seconds = () => ((performance.now() - begun) / 1000).toFixed(1);
  try {
    const detail = await within(LIMIT_MS, name, Promise.resolve(run(context)));
    return { result: 'pass', detail, seconds: seconds() };
  } catch (error) {
    if (error instanceof Skip) return { result: 'skip', detail: error.message, seconds: seconds() };
    return { result: 'FAIL', detail: describe(error), seconds: seconds() };
  }
};

/** An error in one line, with what lies below it. */
export const describe = (error) => {
  const { message = String(error), advice, cause } = error ?? {};
  return [message, advice, cause === undefined ? undefined : describe(cause)].filter(Boolean).join('; ');
};
