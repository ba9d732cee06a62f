/** So long the process may take to end by itself. */
const PATIENCE_MS = 250;

/**
 * Ends the process once it has written what there is to write. A connection that nobody answers, and a name whose server
 * is silent, cannot be called off, and would keep it for up to a minute after its work or a Ctrl-C. Everything else is
 * closed by now.
 */
export const endSoon = (): void => {
  setTimeout(() => {
    const unwritten = [process.stdout, process.stderr].filter(({ writableLength }) => writableLength > 0);
    if (unwritten.length === 0) process.exit();
    for (const stream of unwritten) stream.once('drain', endSoon);
  }, PATIENCE_MS).unref();
};
