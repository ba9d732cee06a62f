/**
 * A web stream of what a generator yields, with the back-pressure of its reader. Cancelling it raises the signal, which
 * ends what the generator waits for, and lets it run its `finally` blocks.
 */
export const readableFrom = (
  start: (signal: AbortSignal) => AsyncGenerator<Uint8Array, void>,
): ReadableStream<Uint8Array> => {
  const cancel = new AbortController();
  const pieces = start(cancel.signal);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        cancel.abort();
        // The read that this ends may be told so; nobody is left to hear it.
        await pieces.return().catch(() => undefined);
      },
    },
    // Nothing beyond what the reader asks for: the reading below is one piece ahead already.
    { highWaterMark: 0 },
  );
};
