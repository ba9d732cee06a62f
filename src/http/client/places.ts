import * as E from 'fp-ts/lib/Either.js';
import type { ContentSupplier } from '../../driver/index.js';
import { list } from '../../effects/validate/object.js';
import { bad, type Rule } from '../../effects/validate/rule.js';
import { oneOf } from '../../effects/validate/scalars.js';

/**
 * Where bytes can come from. Where `hosted-cache` is not named, `peers` are those and the hosted cache, in the order that
 * the engine has for them.
 */
export type ContentPlace = 'cache' | 'peers' | 'hosted-cache' | 'origin';

export const DEFAULT_PLACES: readonly ContentPlace[] = ['cache', 'peers', 'origin'];

const PLACES: readonly ContentPlace[] = ['cache', 'peers', 'hosted-cache', 'origin'];

/** Places in the order in which they are asked for each block; what is not named is not asked. */
export const places: Rule<readonly ContentPlace[]> = (value, at) => {
  const checked = list(oneOf(PLACES), 1)(value, at);
  if (E.isLeft(checked)) return checked;
  const named = checked.right;
  if (new Set(named).size < named.length) return bad(at, 'conflict', 'must not name a place twice');
  // The service answers from its cache first, whatever it is asked.
  if (named[0] !== 'cache' && named.join() !== 'origin')
    return bad(at, 'conflict', "must begin with 'cache', or be 'origin' alone");
  // It asks both for each block before it says that nobody has it.
  return Math.abs(named.indexOf('peers') - named.indexOf('hosted-cache')) > 1 &&
    named.includes('peers') &&
    named.includes('hosted-cache')
    ? bad(at, 'conflict', "must have 'peers' and 'hosted-cache' next to each other")
    : checked;
};

const isSupplier = (place: ContentPlace | undefined): place is ContentSupplier =>
  place === 'peers' || place === 'hosted-cache';

/** Whom the service is to ask, if that is not to be as it is used to. */
export const suppliersOf = (order: readonly ContentPlace[]): readonly ContentSupplier[] | undefined =>
  order.includes('hosted-cache') ? order.filter(isSupplier) : undefined;

/** One attempt to get the bytes at a place in the content. */
export type Step =
  /** Of the service: from the cache and, if it may wait, from peers and a hosted cache. */
  { readonly _tag: 'Service'; readonly waits: boolean } | { readonly _tag: 'Origin' };

/** The attempts that an order stands for. The service asks its cache along with those that follow it: it costs nothing. */
export const stepsOf = (order: readonly ContentPlace[]): readonly Step[] =>
  order
    .filter((place, index) => place === 'origin' || !isSupplier(order[index + 1]))
    .map((place) =>
      place === 'origin' ? { _tag: 'Origin' } : { _tag: 'Service', waits: isSupplier(place) },
    );
