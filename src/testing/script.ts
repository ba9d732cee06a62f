import { faultOf, type FaultCode, type OperationName } from './operations.js';

/** What happens to one call, besides or instead of its work. */
export interface ScriptStep {
  /** Waits on the driver's clock before the work is done. */
  readonly delayMs?: number | undefined;
  /** Never answers by itself: only its AbortSignal or `dispose` end the call. */
  readonly hang?: boolean | undefined;
  /** Rejects with this code instead of doing the work. */
  readonly fail?: FaultCode | undefined;
  /** With `fail`: the work is done first, as by a system that did it and still complained. */
  readonly afterWork?: boolean | undefined;
  /** Goes on when the AbortSignal fires: the result was already on its way. */
  readonly ignoreAbort?: boolean | undefined;
}

/**
 * Plans the calls of one operation. Each member returns the same plan, so that they chain.
 *
 * A plan for the n-th call goes before those in line, these before `always`. A code that the operation's family cannot
 * answer is a `TypeError` where it is written.
 */
export interface OperationScript {
  /** The next call that has no other plan. Several wait in line. */
  once(step: ScriptStep): OperationScript;
  /** The next `count` calls. */
  times(count: number, step: ScriptStep): OperationScript;
  /** Every call that has no other plan. */
  always(step: ScriptStep): OperationScript;
  /** The next call fails. */
  fail(code: FaultCode): OperationScript;
  /** The next `count` calls fail. */
  failTimes(count: number, code: FaultCode): OperationScript;
  /** The next call hangs. */
  hang(): OperationScript;
  /** The n-th call of this operation on this driver, counted from 1 and including past ones. */
  on(nthCall: number, step: ScriptStep): OperationScript;
  /** Forgets all plans. */
  reset(): OperationScript;
}

class Plan implements OperationScript {
  #calls = 0;
  #always: ScriptStep | undefined;
  readonly #queue: ScriptStep[] = [];
  readonly #byNumber = new Map<number, ScriptStep>();

  constructor(private readonly operation: OperationName) {}

  take(): ScriptStep | undefined {
    this.#calls += 1;
    return this.#byNumber.get(this.#calls) ?? this.#queue.shift() ?? this.#always;
  }

  once(step: ScriptStep): this {
    return this.times(1, step);
  }

  times(count: number, step: ScriptStep): this {
    this.#check(step);
    for (let index = 0; index < count; index += 1) this.#queue.push(step);
    return this;
  }

  always(step: ScriptStep): this {
    this.#check(step);
    this.#always = step;
    return this;
  }

  fail(code: FaultCode): this {
    return this.failTimes(1, code);
  }

  failTimes(count: number, code: FaultCode): this {
    return this.times(count, { fail: code });
  }

  hang(): this {
    return this.once({ hang: true });
  }

  on(nthCall: number, step: ScriptStep): this {
    this.#check(step);
    this.#byNumber.set(nthCall, step);
    return this;
  }

  reset(): this {
    this.#queue.length = 0;
    this.#byNumber.clear();
    this.#always = undefined;
    return this;
  }

  /** A code that the operation cannot answer is a mistake in the test and shows where it is written. */
  #check(step: ScriptStep): void {
    if (step.fail !== undefined) faultOf(this.operation, step.fail);
  }
}

/** The plans of one driver, by operation. */
export class Script {
  readonly #plans = new Map<OperationName, Plan>();

  for(operation: OperationName): OperationScript {
    return this.#plan(operation);
  }

  /** Counts a call and answers what was planned for it. */
  take(operation: OperationName): ScriptStep | undefined {
    return this.#plan(operation).take();
  }

  #plan(operation: OperationName): Plan {
    const known = this.#plans.get(operation);
    if (known !== undefined) return known;
    const plan = new Plan(operation);
    this.#plans.set(operation, plan);
    return plan;
  }
}
