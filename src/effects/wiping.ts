import type { SecretText } from '../driver/index.js';
import type { PeerEffect } from './effect.js';
import { releaseMade } from './validate/secret-input.js';

/** Overwrites the secret that was made of `input` once the effect has ended, however, and also if it never got going. */
export const wiping =
  <A>(made: SecretText | undefined, input: unknown, effect: PeerEffect<A>): PeerEffect<A> =>
  (env) =>
  async () => {
    try {
      return await effect(env)();
    } finally {
      releaseMade(made, input);
    }
  };
