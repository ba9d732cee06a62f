/** Remembers promises until they are over. */
export class InFlight {
  readonly #promises = new Set<Promise<void>>();

  track<Result>(promise: Promise<Result>): Promise<Result> {
    const over = settled(promise).then(() => {
      this.#promises.delete(over);
    });
    this.#promises.add(over);
    return promise;
  }

  /** Resolves when all are over, those included that begin meanwhile. */
  async end(): Promise<void> {
    while (this.#promises.size > 0) await Promise.all(this.#promises);
  }
}

/** Resolves when `promise` is over, however it ends. */
export const settled = (promise: Promise<unknown>): Promise<void> =>
  promise.then(
    () => undefined,
    () => undefined,
  );
