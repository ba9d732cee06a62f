export type { CallOptions, GivenBytesOptions, SecretText } from './call.js';
export { systemClock, type Cancel, type Clock } from './clock.js';
export { CONSTANTS, RESERVED_RECORD_TYPES } from './constants.js';
export { CONTENT_SUPPLIERS, isSupplierOrder } from './content-suppliers.js';
export type * from './distribution.js';
export { DISTRIBUTION_CHANNEL } from './distribution-channel.js';
export {
  addCounters,
  CounterFold,
  hitRatio,
  MOST_PEERS_COUNTED,
  performanceCounters,
} from './distribution-counters.js';
export type * from './distribution-events.js';
export type * from './distribution-insight.js';
export type * from './distribution-reasons.js';
export { Disposal } from './disposal.js';
export type { Driver, SupportFinding, SupportReport } from './driver.js';
export type { EnumerationDriver } from './enumeration.js';
export * from './enums.js';
export {
  HRESULT_CODES,
  hresultFromWin32,
  hresultSymbol,
  WIN32_CODES,
  win32FromHresult,
  win32Symbol,
  type HresultSymbol,
  type Win32Symbol,
} from './error-codes.js';
export { DriverFault, isDriverFault, type FaultDetails, type FaultSpace } from './fault.js';
export {
  abortedDistribution,
  abortedGrouping,
  faultFromNumber,
  hresultFault,
  unsupportedDistribution,
  unsupportedGrouping,
  win32Fault,
} from './faults.js';
export {
  fileTimeFromDate,
  fileTimeFromMillis,
  fileTimeToDate,
  fileTimeToMillis,
  isFileTime,
  type FileTime,
} from './filetime.js';
export type * from './grouping.js';
export type * from './grouping-events.js';
export type * from './grouping-types.js';
export { guidFromBytes, guidToBytes, parseGuid, type Guid } from './guid.js';
export type * from './handles.js';
export type * from './identity.js';
export { LIMITS } from './limits.js';
export { ROLE_NAMES, roleName, ROLES, type RoleName } from './roles.js';
