import { abortedGrouping, type CallOptions } from '../../driver/index.js';
import { toFault } from './refusal.js';

/** The contract members that are being carried out, also those whose caller has given up. */
export class Calls {
  readonly #running = new Set<Promise<void>>();

  /**
   * Runs one contract member: whatever goes wrong rejects as a fault of `operation`, and an abort rejects at once. A
   * result that comes after the abort goes to `discard`, so that a late handle is closed.
   */
  perform<Result>(
    operation: string,
    work: () => Promise<Result> | Result,
    call?: CallOptions,
    discard?: (late: Result) => void,
  ): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const signal = call?.signal;
      if (signal?.aborted === true) {
        reject(abortedGrouping(operation));
        return;
      }
      let abandoned = false;
      const abandon = (): void => {
        abandoned = true;
        reject(abortedGrouping(operation));
      };
      signal?.addEventListener('abort', abandon, { once: true });
      const running = (async () => work())().then(
        (result) => {
          if (abandoned) discard?.(result);
          else resolve(result);
        },
        (error: unknown) => reject(toFault(operation, error)),
      );
      const ended = running.finally(() => {
        signal?.removeEventListener('abort', abandon);
        this.#running.delete(ended);
      });
      this.#running.add(ended);
    });
  }

  /** Resolves when nothing is being carried out any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
