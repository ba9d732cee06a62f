import { win32Fault } from '../../../driver/index.js';
import { invalidArgument } from '../arguments.js';
import type { Publication, PublicationRequest, PublicationWriter } from '../ports.js';
import { BLOCK_LENGTH, versionOf } from '../wire/index.js';
import type { Held } from './handle-table.js';

type State = 'idle' | 'busy' | 'completed' | 'failed';

/** The server's side of one publication being made, behind a stream handle. */
export class PublicationStream implements Held {
  #state: State = 'idle';
  #received = 0;

  constructor(
    private readonly writer: PublicationWriter,
    private readonly request: PublicationRequest,
  ) {}

  async add(operation: string, data: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#refuseUnlessIdle(operation);
    const { length } = this.request;
    if (this.#received + data.length > (length ?? Infinity)) {
      throw invalidArgument(operation, `more than the ${length} bytes that were declared`);
    }
    if (data.length === 0) return;
    await this.#exclusively(() => this.writer.append(data, signal), 'idle');
    this.#received += data.length;
  }

  async addFromSource(operation: string, length: number, signal: AbortSignal): Promise<void> {
    this.#refuseUnlessIdle(operation);
    const left = this.#leftInSource(operation);
    if (length > left) {
      throw invalidArgument(operation, `the source has no more than ${left} bytes that are not added`);
    }
    if (this.#received % BLOCK_LENGTH !== 0 || (length % BLOCK_LENGTH !== 0 && length < left)) {
      throw invalidArgument(operation, `a source is added by whole blocks of ${BLOCK_LENGTH} bytes`);
    }
    if (length === 0) return;
    await this.#exclusively(() => this.writer.appendFromSource(length, signal), 'idle');
    this.#received += length;
  }

  async complete(operation: string): Promise<Publication> {
    this.#refuseUnlessIdle(operation);
    if (this.#received === 0) {
      throw invalidArgument(operation, 'content information cannot describe empty content');
    }
    const { length = 0 } = this.request;
    if (this.#received < length) {
      throw invalidArgument(operation, `${this.#received} bytes instead of the ${length} that were declared`);
    }
    return this.#exclusively(() => this.writer.complete(), 'completed');
  }

  async release(): Promise<void> {
    if (this.#state !== 'completed') await this.writer.abort();
  }

  #leftInSource(operation: string): number {
    const { source, hash, length = Infinity } = this.request;
    if (source === undefined) throw invalidArgument(operation, 'the stream was opened without a source');
    if (versionOf(hash) === 2) {
      throw win32Fault(operation, 'ERROR_NOT_SUPPORTED', {
        reason: 'where version 2 is cut depends on all bytes before; add the bytes',
      });
    }
    return Math.min(Number(source.version.size), length) - this.#received;
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
