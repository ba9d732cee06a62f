import { abortedGrouping, Disposal, type CallOptions } from '../../driver/index.js';
import { Refusal, toFault } from './refusal.js';

/** The contract members that are being carried out, also those whose caller has given up. */
export class Calls {
  readonly #running = new Set<Promise<void>>();
  #hasEnded = false;

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
      if (this.#hasEnded) {
        reject(toFault(operation, new Refusal('ERROR_INVALID_HANDLE', Disposal.REASON)));
        return;
      }
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

  /** Refuses all that come from now on; resolves when nothing is being carried out any more. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
