import type { HresultSymbol, Win32Symbol } from '../driver/index.js';
import * as check from './check.js';
import { Refusal } from './failure.js';

/**
 * The handles of one kind that this driver has opened and not yet closed. Native code never sees any other: a stale one
 * may be refused there, but it may as well crash the process.
 */
export class HandleTable<Handle extends bigint, About> {
  readonly #kind: string;
  readonly #refusal: HresultSymbol | Win32Symbol;
  readonly #open = new Map<bigint, { readonly about: About }>();

  constructor(kind: string, refusal: HresultSymbol | Win32Symbol) {
    this.#kind = kind;
    this.#refusal = refusal;
  }

  add(native: bigint, about: About): Handle {
    this.#open.set(native, { about });
    return native as Handle;
  }

  /** @throws Refusal for a handle that is not open */
  get(handle: Handle): About {
    const known = this.#open.get(check.u64(handle, this.#kind));
    if (known === undefined)
      throw new Refusal(this.#refusal, `the ${this.#kind} is closed or was never open`);
    return known.about;
  }

  /** {@link get}, and forgets the handle: whoever takes it must close it, once. */
  take(handle: Handle): About {
    const about = this.get(handle);
    this.#open.delete(handle);
    return about;
  }

  entries(): readonly (readonly [Handle, About])[] {
    return [...this.#open].map(([handle, { about }]) => [handle as Handle, about] as const);
  }
}
