/*
 * The symbols of `using`, also where there are none: Node 20 and 22 give them to their main context only, and not to those
 * of node:vm, in which Jest runs tests. What compilers make of `using` looks for these in their place.
 */
const known: Partial<Pick<SymbolConstructor, 'dispose' | 'asyncDispose'>> = Symbol;

export const dispose: typeof Symbol.dispose = known.dispose ?? (Symbol.for('Symbol.dispose') as never);
export const asyncDispose: typeof Symbol.asyncDispose =
  known.asyncDispose ?? (Symbol.for('Symbol.asyncDispose') as never);
