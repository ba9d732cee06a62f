export { openCache, IMPORT_TAG, type LocalCache, type OpenCacheOptions } from './cache.js';
export type { CacheSettings } from './cache-settings.js';
export { makeContentInformation, type MakeContentInformationOptions } from './content-information.js';
export { DataDirectoryError, type DataDirectorySurroundings, defaultDataDirectory } from './data-dir.js';
export type { ContentLimits } from './distribution/content/content-limits.js';
export type {
  DiscoveryLimits,
  DiscoveryOptions,
  PeerFound,
  PeerSource,
  SoughtSegment,
} from './distribution/discovery/index.js';
export type {
  CachedSegments,
  CacheLimitsNow,
  CacheState,
  HashName,
  Removed,
  SegmentHash,
  SegmentInfo,
} from './distribution/ports.js';
export { CachePackageError, type CachePackageErrorCode } from './distribution/store/package/package-error.js';
export type { CachePackage, Exported } from './distribution/store/package/export-package.js';
export type { Imported } from './distribution/store/package/import-package.js';
export type { CacheLimits } from './distribution/store/cache/cache-limits.js';
export type { RetrievalClientLimits, RetrievalServerLimits } from './distribution/retrieval/index.js';
export type { Segmentation } from '../driver/index.js';
export {
  startHostedCache,
  type HostedCache,
  type HostedCacheOptions,
  type HostedCacheServer,
  type PullerLimits,
} from './distribution/hosted-cache/index.js';
export type { Endpoint } from './distribution/endpoint.js';
export {
  ContentInformationError,
  KeyFileError,
  parseContentInformation,
  type ByteRange,
  type ContentInformation,
  type ContentInformationErrorCode,
  type Passphrase,
  type PlacedSegment,
} from './distribution/wire/index.js';
export { createEngineDriver, type EngineDriver } from './engine.js';
export type { EngineLimits, EngineOptions } from './engine-options.js';
export type { ListenAddress } from './support.js';
export type { ProcessRecord, RetrievalRecord } from './distribution/insight/process-record.js';
export {
  findRetrievals,
  readJournal,
  type FoundRetrieval,
  type JournalEntry,
  type RetrievalQuery,
} from './journal.js';
export type { PeerAnswer } from './distribution/insight/ask-peer.js';
export { probe, type ProbedPeer, type ProbeOptions, type ProbeReport } from './probe.js';
export {
  exportServerSecret,
  importServerSecret,
  setServerSecret,
  type DataDirectoryChoice,
} from './server-secret.js';
export { ServiceConfigError } from './service-config.js';
