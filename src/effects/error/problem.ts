/** Which kind of rule an input breaks. */
export type ProblemCode =
  'type' | 'required' | 'forbidden' | 'unknown' | 'length' | 'character' | 'format' | 'range' | 'conflict';

/** One fault of an input. */
export interface Problem {
  /** Where it is, such as `authentication.password` or `registrations[2].kind`; empty for the input as a whole. */
  readonly path: string;
  readonly code: ProblemCode;
  /** What is wrong and what is allowed. Never quotes a secret. */
  readonly message: string;
}
