import type { Clock } from '../../../driver/index.js';
import { Recent } from './recent.js';

interface Account {
  left: number;
  at: number;
}

/** Lets each of its holders have so many things a second, and as many at once after a quiet second. */
export class Budget {
  readonly #accounts: Recent<Account>;

  /** @param holders how many are told apart; whoever was longest away starts afresh. */
  constructor(
    private readonly clock: Clock,
    private readonly perSecond: number,
    holders: number,
  ) {
    this.#accounts = new Recent(holders);
  }

  /** Whether `holder` could have one more now. */
  has(holder = ''): boolean {
    return this.#account(holder).left >= 1;
  }

  /** Gives `holder` as many more, if it may have them now. */
  take(holder = '', amount = 1): boolean {
    const account = this.#account(holder);
    if (account.left < amount) return false;
    account.left -= amount;
    return true;
  }

  #account(holder: string): Account {
    const now = this.clock.now();
    const account = this.#accounts.get(holder) ?? { left: this.perSecond, at: now };
    // A clock that was set back earns nothing.
    const earned = (Math.max(0, now - account.at) / 1_000) * this.perSecond;
    account.left = Math.min(this.perSecond, account.left + earned);
    account.at = now;
    this.#accounts.note(holder, account);
    return account;
  }
}
