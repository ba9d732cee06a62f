export { OfferSender, type HostedCacheServer } from './offer-sender.js';
export { startHostedCache, type HostedCache, type HostedCacheOptions } from './hosted-cache.js';
