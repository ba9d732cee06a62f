import type { ContentSupplier } from './distribution.js';

/** Who can be asked for content. */
export const CONTENT_SUPPLIERS: readonly ContentSupplier[] = ['peers', 'hosted-cache'];

/** Whether somebody is named, and each of them once. */
export const isSupplierOrder = (order: readonly unknown[]): boolean =>
  order.length > 0 &&
  new Set(order).size === order.length &&
  order.every((one) => CONTENT_SUPPLIERS.some((known) => known === one));
