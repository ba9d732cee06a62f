export type { Discovery } from './discovery.js';
export type { DiscoveryLimits } from './limits.js';
export { discoversByDefault, discoveryBy, type DiscoveryOptions, type StartDiscovery } from './options.js';
export { SEGMENTS_PER_PROBE } from './questions.js';
export type { PeerFound, PeerSource, SoughtSegment } from './peer-source.js';
