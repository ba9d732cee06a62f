export * from './streams/index.js';
export * as effects from './effects/index.js';
export {
  DistributionSession,
  type HandleState,
  isPeerError,
  PeerError,
  type PeerErrorTag,
  PeerGroup,
  Secret,
} from './effects/index.js';
export {
  openDriver,
  type DriverChoice,
  type OpenDriverOptions,
  type OpenedDriver,
} from './platform/open-driver.js';
