import type { OfferVersion } from './offer-desk.js';

/** Where a hosted cache takes offers, by version. PCHC 2.1. */
export const OFFER_PATHS: Readonly<Record<OfferVersion, string>> = {
  1: '/C574AC30-5794-4AEE-B1BB-6651C5315029',
  2: '/0131501b-d67f-491b-9a40-c4bf27bcb4d4',
};

/** Whether a request target is that path, in any case of letters, with or without a last slash. */
export const isOfferPath = (target: string, version: OfferVersion): boolean =>
  target.toLowerCase().replace(/\/$/, '') === OFFER_PATHS[version].toLowerCase();
