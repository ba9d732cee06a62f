import { win32Fault, type Win32Symbol } from '../../../driver/index.js';
import { toFault } from '../system-faults.js';
import { TransientSet } from '../transient-set.js';

/** Why an operation ends before its result: given up or closed, or overtaken by a status change. */
export type EndSymbol = Extract<Win32Symbol, 'ERROR_OPERATION_ABORTED' | 'PEERDIST_ERROR_INVALIDATED'>;

type End = (symbol: EndSymbol) => void;

/**
 * The operations under way on one handle or session. Ending one rejects its caller at once and tells the work by its
 * signal; a result that comes nevertheless goes to `discard`.
 */
export class PendingOperations {
  readonly #ends = new TransientSet<End>();
  readonly #works = new TransientSet<Promise<void>>();

  run<Result>(
    operation: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<Result>,
    discard: (late: Result) => void | Promise<void> = () => undefined,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const controller = new AbortController();
      const finish = (): boolean => {
        signal?.removeEventListener('abort', onAbort);
        return this.#ends.delete(end);
      };
      const end: End = (symbol) => {
        if (!finish()) return;
        const fault = win32Fault(operation, symbol);
        reject(fault);
        controller.abort(fault);
      };
      const onAbort = (): void => end('ERROR_OPERATION_ABORTED');

      this.#ends.add(end);
      if (signal?.aborted === true) {
        onAbort();
        return;
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      const start = async (): Promise<Result> => work(controller.signal);
      const settled = start().then(
        (result) => (finish() ? resolve(result) : discard(result)),
        (error: unknown) => {
          if (finish()) reject(toFault(operation, error));
        },
      );
      this.#works.add(settled);
      void settled.then(() => this.#works.delete(settled));
    });
  }

  /** Rejects everything that waits. */
  end(symbol: EndSymbol): void {
    for (const end of [...this.#ends]) end(symbol);
  }

  /** Resolves when the work behind all operations, ended ones included, has stopped. */
  async settled(): Promise<void> {
    await Promise.all(this.#works);
  }
}
