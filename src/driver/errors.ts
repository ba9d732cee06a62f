/** Whether it is an Error, of this context of JavaScript or of another one: Node's own are not of the one that Jest runs tests in. */
export const isError = (value: unknown): value is Error =>
  value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';

/** What went wrong, in words. */
export const messageOf = (thrown: unknown): string => (isError(thrown) ? thrown.message : String(thrown));

/** Whatever was thrown, as an Error. */
export const asError = (thrown: unknown): Error => (isError(thrown) ? thrown : new Error(String(thrown)));
