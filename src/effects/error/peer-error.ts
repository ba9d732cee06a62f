import type { InspectOptions } from 'node:util';
import type { Problem } from './problem.js';
import type { PeerErrorTag } from './tag.js';

export interface PeerErrorDetails {
  readonly tag: PeerErrorTag;
  /** Stable name to compare with: the header's symbol, or `PEERWEAVE_…` for what the SDK itself found. */
  readonly code: string;
  /** The effect, stream or contract member that failed. */
  readonly operation: string;
  /** What happened, as a clause without a full stop. */
  readonly what: string;
  /** What to do about it, as sentences. */
  readonly advice: string;
  /** The HRESULT or Win32 code, unsigned. */
  readonly number?: number | undefined;
  /** The header's name of {@link number}, if it has one. */
  readonly symbol?: string | undefined;
  readonly problems?: readonly Problem[] | undefined;
  readonly cause?: unknown;
}

const BRAND = Symbol.for('peerweave/PeerError');

/**
 * Whether `value` is a {@link PeerError}, also one made by another copy of this package.
 *
 * @example
 * ```ts
 * import { createPeerweave, isPeerError } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * try {
 *   await promise(effects.createGroup({ creatorPeerName: '' }));
 * } catch (error) {
 *   if (isPeerError(error)) console.log(error._tag, error.problems); // BadArgument, with every fault of the input
 * }
 * ```
 */
export const isPeerError = (value: unknown): value is PeerError =>
  typeof value === 'object' && value !== null && BRAND in value;

/**
 * The one error of the SDK. Decide by `_tag` what to do, by `code` which case it was. `instanceof` holds across an ESM
 * and a CommonJS copy of the package in one process.
 */
export class PeerError extends Error {
  declare readonly _tag: PeerErrorTag;
  declare readonly code: string;
  declare readonly operation: string;
  declare readonly advice: string;
  declare readonly number: number | undefined;
  declare readonly symbol: string | undefined;
  /** Every fault of the input when `_tag` is BadArgument and the SDK found it; otherwise empty. */
  declare readonly problems: readonly Problem[];

  static {
    this.prototype.name = 'PeerError';
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  /** Whether `value` is a {@link PeerError} of any copy of this package. */
  static override [Symbol.hasInstance](value: unknown): value is PeerError {
    return isPeerError(value);
  }

  /** @internal */
  constructor(details: PeerErrorDetails) {
    super(describe(details), details.cause === undefined ? undefined : { cause: details.cause });
    this._tag = details.tag;
    this.code = details.code;
    this.operation = details.operation;
    this.advice = details.advice;
    this.number = details.number;
    this.symbol = details.symbol;
    this.problems = details.problems ?? [];
  }

  override toString(): string {
    return `${this.name} [${this._tag}]: ${this.message}`;
  }

  /** Without stack and cause: those can carry whatever a driver or a callback put there. */
  toJSON(): Record<string, unknown> {
    return {
      name: this.name,
      _tag: this._tag,
      code: this.code,
      operation: this.operation,
      message: this.message,
      advice: this.advice,
      ...(this.number === undefined ? {} : { number: this.number }),
      ...(this.symbol === undefined ? {} : { symbol: this.symbol }),
      ...(this.problems.length === 0 ? {} : { problems: this.problems }),
    };
  }

  /** `console.log` shows the text, the stack and the cause, not the fields that repeat what the text says. */
  [Symbol.for('nodejs.util.inspect.custom')](
    depth: number,
    options: InspectOptions,
    inspect: (value: unknown, options: InspectOptions) => string,
  ): string {
    if (depth < 0) return `[${this.toString()}]`;
    const frames = (this.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
    const cause = this.cause === undefined ? [] : [`  cause: ${inspect(this.cause, options)}`];
    return [this.toString(), ...frames, ...cause].join('\n');
  }
}

const describe = ({ operation, what, advice, symbol, number, problems = [] }: PeerErrorDetails): string => {
  const identified = [symbol, hex(number)].filter((part) => part !== undefined).join(', ');
  return [
    // What comes from elsewhere may be a sentence already.
    `${operation}: ${what.replace(/\.$/, '')}${identified === '' ? '' : ` (${identified})`}. ${advice}`.trimEnd(),
    ...problems
      .slice(0, MOST_LISTED)
      .map(({ path, message }) => `  - ${path === '' ? '' : `${path}: `}${message}`),
    ...(problems.length > MOST_LISTED ? [`  - and ${problems.length - MOST_LISTED} more`] : []),
  ].join('\n');
};

/** A message is for reading; `problems` has them all. */
const MOST_LISTED = 20;

const hex = (number: number | undefined): string | undefined =>
  number === undefined ? undefined : `0x${number.toString(16).padStart(8, '0')}`;
