export type { HostedCacheServer } from './hosted-cache-server.js';
export { OfferSender } from './offer-sender.js';
export type { PullerLimits } from './puller.js';
export { startHostedCache, type HostedCache, type HostedCacheOptions } from './hosted-cache.js';
