/**
 * How old, in milliseconds, what was seen of the disk may be where every block would be looked for otherwise: looking
 * costs more than what is found then. What others did to the disk since is missed: a block is fetched or not found. Whoever
 * writes looks again afterwards.
 */
export const LOOK_AGE_MS = 20;
