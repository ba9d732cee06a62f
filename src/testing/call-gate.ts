import { Disposal, isDriverFault, type CallOptions, type Clock, type DriverFault } from '../driver/index.js';
import { abortedOf, faultOf, type FaultCode, type OperationName } from './operations.js';
import { pause } from './pause.js';
import type { Script, ScriptStep } from './script.js';

/** One call of the driver, in the order of calling. */
export interface CallRecord {
  readonly sequence: number;
  readonly operation: OperationName;
  /** `ok`, the symbol of the fault it was answered with, or `pending`. */
  readonly outcome: string;
}

type Family = 'grouping' | 'distribution';

/** An abort reason with which a handle ends its pending calls by another code than ERROR_OPERATION_ABORTED. */
export class HandleEnded {
  constructor(readonly code: FaultCode) {}
}

const endOf = (operation: OperationName, signals: readonly (AbortSignal | undefined)[]): DriverFault => {
  const reason: unknown = signals.find((signal) => signal?.aborted === true)?.reason;
  return reason instanceof HandleEnded ? faultOf(operation, reason.code) : abortedOf(operation);
};

/** Calls that give something back or tell the status: they work while the service is lost. */
const WORKS_WITHOUT_SERVICE =
  /\.(close\w*|end|unregister\w*|shutdown|getStatus|getStatusInfo|getCounters|registerStatusChange|setEnabled)$/;

/** Every call of the driver passes here: it is counted, logged, delayed, failed or aborted as the script says. */
export class CallGate {
  readonly #records: { -readonly [Key in keyof CallRecord]: CallRecord[Key] }[] = [];
  readonly #busy = new Set<string>();
  readonly #lost = new Set<Family>();
  readonly #ending = new AbortController();

  constructor(
    private readonly clock: Clock,
    private readonly script: Script,
    private readonly disposal: Disposal,
  ) {}

  /**
   * Does `work`, at once and synchronously unless the script delays it.
   * @param handleSignal Ends the call together with the handle it works on.
   */
  async run<Result>(
    operation: OperationName,
    call: CallOptions | undefined,
    work: () => Result | Promise<Result>,
    handleSignal?: AbortSignal,
  ): Promise<Result> {
    const record = { sequence: this.#records.length + 1, operation, outcome: 'pending' };
    this.#records.push(record);
    try {
      if (this.disposal.hasBegun) throw faultOf(operation, 'ERROR_INVALID_HANDLE', Disposal.REASON);
      const step = this.script.take(operation);
      const signals = step?.ignoreAbort === true ? [] : [handleSignal, call?.signal];
      if (step !== undefined) await this.#play(operation, step, signals);
      this.check(operation, step?.ignoreAbort === true ? [] : [call?.signal]);
      this.#refuseWithoutService(operation);
      const result = await work();
      if (step?.fail !== undefined) throw faultOf(operation, step.fail, 'scripted');
      record.outcome = 'ok';
      return result;
    } catch (error) {
      record.outcome = isDriverFault(error) ? error.symbol : 'defect';
      throw error;
    }
  }

  /** Like {@link run}, for operations that may not overlap on the same handle. */
  async runAlone<Result>(
    operation: OperationName,
    handle: bigint,
    call: CallOptions | undefined,
    work: () => Result | Promise<Result>,
    handleSignal?: AbortSignal,
  ): Promise<Result> {
    const key = handle.toString();
    if (this.#busy.has(key))
      return this.run(operation, call, () => {
        throw faultOf(operation, 'ERROR_INVALID_PARAMETER', 'another call on this handle is still under way');
      });
    this.#busy.add(key);
    try {
      return await this.run(operation, call, work, handleSignal);
    } finally {
      this.#busy.delete(key);
    }
  }

  /** Whether the service behind a family is gone. */
  setLost(family: Family, lost: boolean): void {
    if (lost) this.#lost.add(family);
    else this.#lost.delete(family);
  }

  /** Ends calls that hang or wait. */
  dispose(): void {
    this.#ending.abort();
  }

  get records(): readonly CallRecord[] {
    return this.#records.map((record) => ({ ...record }));
  }

  get pending(): readonly CallRecord[] {
    return this.records.filter(({ outcome }) => outcome === 'pending');
  }

  /** Waits on the clock within a call. @throws when one of `signals` or the driver's end comes first. */
  async wait(
    operation: OperationName,
    ms: number | undefined,
    signals: readonly (AbortSignal | undefined)[],
  ): Promise<void> {
    const all = [...signals, this.#ending.signal];
    if ((await pause(this.clock, ms, all)) === 'aborted') throw endOf(operation, all);
  }

  /** @throws when one of `signals` has fired. */
  check(operation: OperationName, signals: readonly (AbortSignal | undefined)[]): void {
    if (signals.some((signal) => signal?.aborted === true)) throw endOf(operation, signals);
  }

  async #play(
    operation: OperationName,
    step: ScriptStep,
    signals: readonly (AbortSignal | undefined)[],
  ): Promise<void> {
    if (step.hang === true) await this.wait(operation, undefined, signals);
    else if (step.delayMs !== undefined) await this.wait(operation, step.delayMs, signals);
    if (step.fail !== undefined && step.afterWork !== true) throw faultOf(operation, step.fail, 'scripted');
  }

  #refuseWithoutService(operation: OperationName): void {
    if (WORKS_WITHOUT_SERVICE.test(operation)) return;
    if (operation.startsWith('distribution.')) {
      if (this.#lost.has('distribution')) throw faultOf(operation, 'PEERDIST_ERROR_SERVICE_UNAVAILABLE');
    } else if (this.#lost.has('grouping')) throw faultOf(operation, 'PEER_E_SERVICE_NOT_AVAILABLE');
  }
}
