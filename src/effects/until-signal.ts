import { orThrow, toPeerError } from './effect.js';
import { eitherSignal } from './either-signal.js';
import { cancelled } from './error/index.js';
import { abortSignal } from './validate/abort-signal.js';
import { object } from './validate/object.js';
import { optional } from './validate/rule.js';
import { validate } from './validate/validate.js';

const OPTIONS = object({ signal: optional(abortSignal) });

/**
 * What a generator yields until one of two signals fires: one of the options, and one that ends with its consumer. What
 * it fails with becomes a PeerError, the reason of the signal its cause; what the consumer throws into it comes back as
 * it is.
 */
export async function* untilSignal<T>(
  operation: string,
  options: { readonly signal?: AbortSignal | undefined },
  own: AbortSignal,
  start: (signal: AbortSignal) => AsyncGenerator<T, void>,
): AsyncGenerator<T, void> {
  const { signal } = orThrow(validate(OPTIONS, options, operation));
  const ended = eitherSignal(own, signal);
  const source = start(ended.signal);
  const next = async (): Promise<IteratorResult<T, void>> => {
    try {
      return await source.next();
    } catch (thrown) {
      throw signal?.aborted === true ? cancelled(operation, signal.reason) : toPeerError(thrown, operation);
    }
  };
  try {
    for (let result = await next(); result.done !== true; result = await next()) yield result.value;
  } finally {
    await source.return();
    ended.unlink();
  }
}
