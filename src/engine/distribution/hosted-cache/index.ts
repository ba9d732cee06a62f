export type { HostedCacheServer } from './hosted-cache-server.js';
export { OfferSender } from './offer-sender.js';
export { startHostedCache, type HostedCache, type HostedCacheOptions } from './hosted-cache.js';
