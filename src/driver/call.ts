/** What every call of a driver accepts besides its own arguments. */
export interface CallOptions {
  /**
   * Gives up waiting. The call then rejects with ERROR_OPERATION_ABORTED, unless its result was already on the way; a
   * handle that arrives too late is closed by the driver itself.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a call that takes bytes and needs them longer than until it is over. */
export interface GivenBytesOptions extends CallOptions {
  /** The bytes will not change any more: the driver may keep them instead of a copy, and need not. */
  readonly isConstant?: boolean | undefined;
}

/**
 * A text that must not stay in memory, such as a password. It is lent to `use` as UTF-16LE without a terminator and
 * overwritten when its owner releases it; a driver keeps no copy.
 */
export interface SecretText {
  /** Lends the bytes for the duration of the call. */
  use<Result>(use: (utf16le: Uint8Array) => Result): Result;
}
