/**
 * Counts promises until they are over. It does not keep them in a Set: V8 lets each table that a Set outgrows refer to the
 * next one, so that once one of them is old, nothing that comes and goes in it dies young.
 */
export class InFlight {
  #count = 0;
  #waiting: (() => void)[] = [];

  track<Result>(promise: Promise<Result>): Promise<Result> {
    this.#count += 1;
    void settled(promise).then(() => this.#over());
    return promise;
  }

  /** Resolves when all are over, those included that begin meanwhile. */
  async end(): Promise<void> {
    while (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #over(): void {
    this.#count -= 1;
    if (this.#count > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** Resolves when `promise` is over, however it ends. */
export const settled = (promise: Promise<unknown>): Promise<void> =>
  promise.then(
    () => undefined,
    () => undefined,
  );
