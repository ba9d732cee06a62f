/** Grouping and identity answer HRESULTs, distribution answers Win32 codes. */
export type FaultSpace = 'hresult' | 'win32';

/** What a {@link DriverFault} says. */
export interface FaultDetails {
  readonly space: FaultSpace;
  /** The number as an unsigned 32-bit integer. */
  readonly number: number;
  /** The header's name of that number, `UNKNOWN` if it has none. */
  readonly symbol: string;
  /** The contract member that failed, such as `grouping.create`. */
  readonly operation: string;
  /** What exactly was wrong, in words, where the driver knows more than the number says. */
  readonly reason?: string | undefined;
  /** What to do about it, as sentences, where the driver knows better than what is said of the number in general. */
  readonly advice?: string | undefined;
  readonly cause?: unknown;
}

const BRAND = Symbol.for('peerweave/DriverFault');

/**
 * The only thing a driver rejects with: a number with its symbol and the operation. It is an `Error` for the sake of
 * its stack; the effects room turns it into a `PeerError`.
 */
export class DriverFault extends Error implements FaultDetails {
  readonly space: FaultSpace;
  readonly number: number;
  readonly symbol: string;
  readonly operation: string;
  readonly reason: string | undefined;
  readonly advice: string | undefined;

  constructor(details: FaultDetails) {
    super(
      `${details.operation}: ${details.symbol} (0x${details.number.toString(16).padStart(8, '0')})` +
        (details.reason === undefined ? '' : `: ${details.reason}`),
      { cause: details.cause },
    );
    this.name = 'DriverFault';
    this.space = details.space;
    this.number = details.number;
    this.symbol = details.symbol;
    this.operation = details.operation;
    this.reason = details.reason;
    this.advice = details.advice;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * Whether `value` is a {@link DriverFault}, also one of another copy of this package. See {@link hresultFault} for an
 * example.
 */
export const isDriverFault = (value: unknown): value is DriverFault =>
  typeof value === 'object' && value !== null && BRAND in value;
