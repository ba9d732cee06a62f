export { startHostedCache, type HostedCache, type HostedCacheOptions } from './hosted-cache.js';
