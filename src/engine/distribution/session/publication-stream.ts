import { win32Fault } from '../../../driver/index.js';
import type { Publication, PublicationWriter } from '../ports.js';
import type { Held } from './handle-table.js';

type State = 'idle' | 'busy' | 'completed' | 'failed';

/** The server's side of one publication being made, behind a stream handle. */
export class PublicationStream implements Held {
  #state: State = 'idle';
  #received = 0;

  constructor(
    private readonly writer: PublicationWriter,
    private readonly declaredLength: number | undefined,
  ) {}

  async add(operation: string, data: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#refuseUnlessIdle(operation);
    if (this.#received + data.length > (this.declaredLength ?? Infinity)) {
      throw win32Fault(operation, 'ERROR_INVALID_PARAMETER', {
        reason: `more than the ${this.declaredLength} bytes that were declared`,
      });
    }
    if (data.length === 0) return;
    await this.#exclusively(() => this.writer.append(data, signal), 'idle');
    this.#received += data.length;
  }

  async complete(operation: string): Promise<Publication> {
    this.#refuseUnlessIdle(operation);
    if (this.#received === 0) {
      throw win32Fault(operation, 'ERROR_INVALID_PARAMETER', {
        reason: 'content information cannot describe empty content',
      });
    }
    if (this.#received < (this.declaredLength ?? 0)) {
      throw win32Fault(operation, 'ERROR_INVALID_PARAMETER', {
        reason: `${this.#received} bytes instead of the ${this.declaredLength} that were declared`,
      });
    }
    return this.#exclusively(() => this.writer.complete(), 'completed');
  }

  async release(): Promise<void> {
    if (this.#state !== 'completed') await this.writer.abort();
  }

  #refuseUnlessIdle(operation: string): void {
    if (this.#state === 'completed') throw win32Fault(operation, 'PEERDIST_ERROR_ALREADY_COMPLETED');
    if (this.#state === 'busy') {
      throw win32Fault(operation, 'ERROR_INVALID_PARAMETER', {
        reason: 'one call at a time: the one before has not ended',
      });
    }
    if (this.#state === 'failed') {
      throw win32Fault(operation, 'PEERDIST_ERROR_INVALIDATED', {
        reason: 'an earlier call failed or was aborted half-way; close the stream',
      });
    }
  }

  /** A call that does not end well leaves an unknown part of its bytes behind: nothing can be added to that. */
  async #exclusively<Result>(work: () => Promise<Result>, after: State): Promise<Result> {
    this.#state = 'busy';
    try {
      const result = await work();
      this.#state = after;
      return result;
    } catch (error) {
      this.#state = 'failed';
      throw error;
    }
  }
}
