import * as E from 'fp-ts/lib/Either.js';
import type { Driver, EnumerationHandle } from '../driver/index.js';
import { attempt, checked, type EffectOptions, type PeerEffect, promiseOf } from './effect.js';
import type { Problem } from './error/index.js';
import { Handle } from './handle.js';
import { HandleCore } from './handle-core.js';
import { onHandle } from './on-handle.js';
import { count } from './validate/count.js';
import { type At, expected } from './validate/rule.js';

const KIND = 'listing';

/** Items fetched at a time by {@link list}. */
const PAGE = 64;

/** Something that can be listed: `identities()`, `membersOf(group)`, `recordsOf(group)`, … */
export interface ListingSource<Item> {
  readonly operation: string;
  /** The handle that the listing lives under, checked when it is opened. */
  readonly parent: () => HandleCore<unknown> | undefined;
  /** Asks the driver for the listing. */
  readonly open: (driver: Driver) => Promise<EnumerationHandle<Item>>;
}

const listingSource = <Item>(value: unknown, at: At): E.Either<readonly Problem[], ListingSource<Item>> =>
  typeof value === 'object' && value !== null && 'open' in value && 'parent' in value && 'operation' in value
    ? E.right(value as ListingSource<Item>)
    : expected('something to list, such as identities()', value, at);

/** A listing in progress. A listing of a group closes with the group. */
export class Listing<Item> extends Handle<EnumerationHandle<Item>> {}

/**
 * Opens a listing, to walk through a long one page by page. For a short one there is {@link list}.
 *
 * Errors: those of the source. Source: PeerEnumIdentities, PeerEnumGroups, PeerGroupEnumMembers,
 * PeerGroupEnumConnections, PeerGroupEnumRecords, PeerGroupSearchRecords; PeerEndEnumeration.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { identities } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await promise(effects.createIdentity({ classifier: 'alice' }));
 * await using listing = await promise(effects.openListing(identities()));
 * console.log(await promise(effects.countItems(listing))); // 1
 * console.log(await promise(effects.nextItems(listing, 10)));
 * ```
 */
export const openListing = <Item>(
  source: ListingSource<Item>,
  options: EffectOptions = {},
): PeerEffect<Listing<Item>> =>
  checked(
    'openListing',
    listingSource<Item>,
    source,
    ({ operation, parent: parentOf, open }) =>
      (env) =>
        attempt(operation, async () => {
          const parent = parentOf();
          const owner = parent?.env ?? env;
          const core = await HandleCore.open<EnumerationHandle<Item>>({
            kind: KIND,
            operation,
            env: owner,
            parent,
            signal: options.signal,
            open: () => open(owner.driver),
            close: (raw) => owner.driver.enumeration.end(raw),
          });
          return new Listing(core);
        }),
  );

/** How many items the listing has in all. See {@link openListing} for an example. Source: PeerGetItemCount. */
export const countItems = (listing: Listing<unknown>): PeerEffect<number> =>
  onHandle(listing, KIND, 'countItems', (raw, _signal, core) => core.env.driver.enumeration.itemCount(raw));

/**
 * The next items, `max` at most, 1 or more; fewer than asked for means the end. See {@link openListing} for an example.
 *
 * Source: PeerGetNextItem.
 */
export const nextItems = <Item>(
  listing: Listing<Item>,
  max: number,
  options?: EffectOptions,
): PeerEffect<readonly Item[]> =>
  checked('nextItems', count, max, (most) =>
    onHandle(
      listing,
      KIND,
      'nextItems',
      (raw, signal, core) => core.env.driver.enumeration.nextItems(raw, most, { signal }),
      options,
    ),
  );

/**
 * Everything a source lists, as an array.
 *
 * @example
 * ```ts
 * import { createEnv, createIdentity, identities, list, orThrow } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const env = createEnv({ driver: createFakeDriver() });
 * orThrow(await createIdentity({ classifier: 'alice' })(env)());
 * console.log(orThrow(await list(identities())(env)()).length);
 * ```
 */
export const list =
  <Item>(source: ListingSource<Item>, options: EffectOptions = {}): PeerEffect<readonly Item[]> =>
  (env) =>
    attempt('list', async () => {
      await using listing = await promiseOf(openListing(source, options)(env));
      const items: Item[] = [];
      for (;;) {
        const page = await promiseOf(nextItems(listing, PAGE, options)(env));
        items.push(...page);
        if (page.length < PAGE) return items;
      }
    });
