import type { HresultSymbol } from '../../driver/index.js';
import { Refusal } from './refusal.js';

/** Counts up for ever, so that no handle of an engine is ever used twice. */
export type HandleSource = () => bigint;

export const createHandleSource = (): HandleSource => {
  let last = 0n;
  return () => ++last;
};

/** The open things of one kind. A handle that is not in it, because it was closed or never existed, is refused. */
export class HandleTable<Handle extends bigint, Value> {
  readonly #next: HandleSource;
  readonly #refusal: HresultSymbol;
  readonly #values = new Map<Handle, Value>();

  constructor(next: HandleSource, refusal: HresultSymbol) {
    this.#next = next;
    this.#refusal = refusal;
  }

  add(value: Value): Handle {
    const handle = this.#next() as Handle;
    this.#values.set(handle, value);
    return handle;
  }

  get(handle: Handle): Value {
    const value = this.#values.get(handle);
    if (value === undefined) throw new Refusal(this.#refusal, 'this handle is closed or was never opened');
    return value;
  }

  /** What is open under the handle, `undefined` for one that is refused. */
  find(handle: Handle): Value | undefined {
    return this.#values.get(handle);
  }

  /** Forgets the handle. @returns whether it was open. */
  remove(handle: Handle): boolean {
    return this.#values.delete(handle);
  }

  has(handle: Handle): boolean {
    return this.#values.has(handle);
  }

  entries(): Iterable<readonly [Handle, Value]> {
    return this.#values.entries();
  }

  clear(): void {
    this.#values.clear();
  }
}
