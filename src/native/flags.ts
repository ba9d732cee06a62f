/** Whether the flag word `value` has `bit`. */
export const hasFlag = (value: number, bit: number): boolean => (value & bit) !== 0;

/** The `bit` if `set`, for composing a flag word. */
export const flagIf = (set: boolean, bit: number): number => (set ? bit : 0);
