import * as E from 'fp-ts/lib/Either.js';
import { list } from '../../effects/validate/object.js';
import { bad, type Rule } from '../../effects/validate/rule.js';
import { oneOf } from '../../effects/validate/scalars.js';

/** Where bytes can come from. `peers` are those and the hosted cache, in the order that the engine has for them. */
export type ContentPlace = 'cache' | 'peers' | 'origin';

export const DEFAULT_PLACES: readonly ContentPlace[] = ['cache', 'peers', 'origin'];

/** Places in the order in which they are asked for each block; what is not named is not asked. */
export const places: Rule<readonly ContentPlace[]> = (value, at) => {
  const checked = list(oneOf(DEFAULT_PLACES), 1)(value, at);
  if (E.isLeft(checked)) return checked;
  const named = checked.right;
  if (new Set(named).size < named.length) return bad(at, 'conflict', 'must not name a place twice');
  // The service answers from its cache first, whatever it is asked.
  return named[0] !== 'cache' && named.join() !== 'origin'
    ? bad(at, 'conflict', "must begin with 'cache', or be 'origin' alone")
    : checked;
};

/** One attempt to get the bytes at a place in the content. */
export type Step =
  /** Of the service: from the cache and, if it may wait, from peers. */
  { readonly _tag: 'Service'; readonly waits: boolean } | { readonly _tag: 'Origin' };

/** The attempts that an order stands for. The cache costs nothing, so it is asked along with peers that follow it. */
export const stepsOf = (order: readonly ContentPlace[]): readonly Step[] =>
  order
    .filter((place, index) => !(place === 'cache' && order[index + 1] === 'peers'))
    .map((place) =>
      place === 'origin' ? { _tag: 'Origin' } : { _tag: 'Service', waits: place === 'peers' },
    );
