/** A signal that follows two others until it is unlinked. */
export interface SignalLink {
  readonly signal: AbortSignal;
  readonly unlink: () => void;
}

/**
 * A signal that fires when one of two does. `AbortSignal.any` would do, but leaves something behind on a long-lived
 * signal with every call, and a handle's signal lives as long as the handle.
 */
export const eitherSignal = (lasting: AbortSignal, passing: AbortSignal | undefined): SignalLink => {
  if (passing === undefined) return { signal: lasting, unlink: () => undefined };
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const sources = [lasting, passing];
  for (const source of sources) {
    if (source.aborted) abort();
    source.addEventListener('abort', abort, { once: true });
  }
  return {
    signal: controller.signal,
    unlink: () => {
      for (const source of sources) source.removeEventListener('abort', abort);
    },
  };
};
