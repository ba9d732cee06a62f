import * as E from 'fp-ts/lib/Either.js';
import type { ContentSupplier } from '../../driver/index.js';
import { list } from '../../effects/validate/object.js';
import { bad, type Rule } from '../../effects/validate/rule.js';
import { oneOf } from '../../effects/validate/scalars.js';

/**
 * Where bytes can come from. Where `hosted-cache` is not named, `peers` are those and the hosted cache, in the order that
 * the engine has for them; where it is, they come in any order, also with the origin between them.
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
  return named[0] === 'cache' || named.join() === 'origin'
    ? checked
    : bad(at, 'conflict', "must begin with 'cache', or be 'origin' alone");
};

const isSupplier = (place: ContentPlace | undefined): place is ContentSupplier =>
  place === 'peers' || place === 'hosted-cache';

/** Whom the service is to ask; `undefined`: whoever it is used to. */
export type Suppliers = readonly ContentSupplier[] | undefined;

/** The suppliers that the service asks in one go, by their number: only the origin can stand between two of them. */
export type SupplierGroup = 0 | 1;

/** Whom the service is to ask in one go, and whom in a second one, if there is one. */
export const supplierGroups = (order: readonly ContentPlace[]): readonly [Suppliers, Suppliers?] => {
  if (!order.includes('hosted-cache')) return [undefined];
  const origin = order.indexOf('origin');
  const before = order.slice(0, origin).filter(isSupplier);
  const behind = order.slice(origin).filter(isSupplier);
  return origin < 0 || before.length === 0 || behind.length === 0
    ? [order.filter(isSupplier)]
    : [before, behind];
};

/** One attempt to get the bytes at a place in the content. */
export type Step =
  /** Of the service: from the cache and, if it may wait, from a group of suppliers. */
  | {
      readonly _tag: 'Service';
      readonly group: SupplierGroup;
      readonly waits: boolean;
      /** What it has not comes from the origin next. */
      readonly fillsGaps: boolean;
    }
  | {
      readonly _tag: 'Origin';
      /** It is asked again and again, as there is nobody else. */
      readonly insists: boolean;
    };

/**
 * The attempts that an order stands for. The service asks its cache along with those that follow it: it costs nothing.
 * An origin with others behind it gets one attempt, so that its failing does not hold them up, and its others when they
 * have tried in vain.
 */
export const stepsOf = (order: readonly ContentPlace[]): readonly Step[] => {
  const origin = order.indexOf('origin');
  const { length: groups } = supplierGroups(order);
  const steps = order
    .map((place, index) => ({ place, index }))
    .filter(({ place, index }) => place === 'origin' || !isSupplier(order[index + 1]))
    .map(({ place, index }): Step => {
      if (place === 'origin') return { _tag: 'Origin', insists: index === order.length - 1 };
      const waits = isSupplier(place);
      const isBehind = origin >= 0 && index > origin;
      return {
        _tag: 'Service',
        group: groups > 1 && isBehind ? 1 : 0,
        waits,
        fillsGaps: waits && origin > index,
      };
    });
  return origin < 0 || origin === order.length - 1 ? steps : [...steps, { _tag: 'Origin', insists: true }];
};
