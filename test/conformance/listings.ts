import type { Driver, EnumerationHandle } from '../../src/driver/index.js';

/** All items of a listing, which is ended. */
export const itemsOf = async <Item>(
  { enumeration }: Driver,
  listing: EnumerationHandle<Item>,
): Promise<readonly Item[]> => {
  const items: Item[] = [];
  for (let page = await enumeration.nextItems(listing, 10); page.length > 0;) {
    items.push(...page);
    page = await enumeration.nextItems(listing, 10);
  }
  await enumeration.end(listing);
  return items;
};

export const identityNames = async (driver: Driver): Promise<readonly string[]> =>
  (await itemsOf(driver, await driver.identity.enumerate())).map(({ peerName }) => peerName);

export const groupNames = async (driver: Driver, identity: string): Promise<readonly string[]> =>
  (await itemsOf(driver, await driver.identity.enumerateGroups(identity))).map(({ peerName }) => peerName);
