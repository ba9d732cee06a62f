/** Runs it for one call after the other, in their order, whether those before succeeded or not. */
export const oneAfterAnother = <Argument>(
  run: (argument: Argument) => Promise<void>,
): ((argument: Argument) => Promise<void>) => {
  let last = Promise.resolve();
  return (argument) => {
    const now = last.then(() => run(argument));
    last = now.catch(() => undefined);
    return now;
  };
};
