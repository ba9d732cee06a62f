import { expect, it } from 'vitest';
import type { Driver, EnumerationHandle, NamePair } from '../../src/driver/index.js';
import { aborted, expectFault } from './faults.js';
import { identityNames } from './listings.js';
import type { Setup } from './setup.js';
import { describeWithDriver } from './world.js';

const listingOf = async (driver: Driver, identities: number): Promise<EnumerationHandle<NamePair>> => {
  for (let index = 0; index < identities; index += 1) await driver.identity.create({});
  return driver.identity.enumerate();
};

/** Behaviour of the utility family, shown on listings of identities. */
export const describeEnumeration = (name: string, setup: Setup): void =>
  describeWithDriver(`${name}: enumeration`, setup, (here) => {
    it('counts all items and pages through them without repeating or losing one', async () => {
      const { driver } = here();
      const { enumeration } = driver;
      const listing = await listingOf(driver, 5);
      expect(await enumeration.itemCount(listing)).toBe(5);
      const pages = [2, 2, 2, 2].map(() => enumeration.nextItems(listing, 2));
      const sizes = [];
      const names = new Set<string>();
      for (const page of pages) {
        const items = await page;
        sizes.push(items.length);
        for (const { peerName } of items) names.add(peerName);
      }
      expect(sizes).toEqual([2, 2, 1, 0]);
      expect(names.size).toBe(5);
      expect(await enumeration.itemCount(listing)).toBe(5);
      await enumeration.end(listing);
    });

    it('answers a page that is larger than the listing with what there is', async () => {
      const { driver } = here();
      const listing = await listingOf(driver, 2);
      expect(await driver.enumeration.nextItems(listing, 1_000)).toHaveLength(2);
      expect(await driver.enumeration.nextItems(listing, 1_000)).toEqual([]);
      await driver.enumeration.end(listing);
    });

    it('keeps the cursors of two listings apart', async () => {
      const { driver } = here();
      const first = await listingOf(driver, 2);
      const second = await driver.identity.enumerate();
      const [one] = await driver.enumeration.nextItems(first, 1);
      expect(await driver.enumeration.nextItems(second, 1)).toEqual([one]);
      await driver.enumeration.end(first);
      expect(await driver.enumeration.nextItems(second, 5)).toHaveLength(1);
      await driver.enumeration.end(second);
    });

    it('lists nothing where there is nothing', async () => {
      const { driver } = here();
      const listing = await listingOf(driver, 0);
      expect(await driver.enumeration.itemCount(listing)).toBe(0);
      expect(await driver.enumeration.nextItems(listing, 1)).toEqual([]);
      await driver.enumeration.end(listing);
    });

    it('keeps a listing as it was when it was made', async () => {
      const { driver } = here();
      const listing = await listingOf(driver, 1);
      await driver.identity.create({});
      expect(await driver.enumeration.nextItems(listing, 10)).toHaveLength(1);
      await driver.enumeration.end(listing);
      expect(await identityNames(driver)).toHaveLength(2);
    });

    it('answers E_INVALIDARG for a listing that was ended, also for ending it again', async () => {
      const { driver } = here();
      const { enumeration } = driver;
      const listing = await listingOf(driver, 1);
      await enumeration.end(listing);
      await expectFault(enumeration.itemCount(listing), 'E_INVALIDARG');
      await expectFault(enumeration.nextItems(listing, 1), 'E_INVALIDARG');
      await expectFault(enumeration.end(listing), 'E_INVALIDARG');
    });

    it.each([0, -1, 1.5, Number.NaN])('refuses to fetch %s items', async (max) => {
      const { driver } = here();
      const listing = await listingOf(driver, 1);
      await expectFault(driver.enumeration.nextItems(listing, max), 'E_INVALIDARG');
      expect(await driver.enumeration.nextItems(listing, 1)).toHaveLength(1);
      await driver.enumeration.end(listing);
    });

    it('does not move the cursor for a call that was aborted', async () => {
      const { driver } = here();
      const listing = await listingOf(driver, 1);
      await expectFault(
        driver.enumeration.nextItems(listing, 1, { signal: aborted() }),
        'ERROR_OPERATION_ABORTED',
      );
      expect(await driver.enumeration.nextItems(listing, 1)).toHaveLength(1);
      await driver.enumeration.end(listing);
    });
  });
