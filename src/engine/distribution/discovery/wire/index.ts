export { DiscoveryMessageError, type DiscoveryMessageProblem } from './discovery-message-error.js';
export { MAX_MESSAGE_LENGTH } from './envelope.js';
export { decodeDiscoveryMessage, mentionsSegments } from './message.js';
export type { DiscoveryVersion } from './names.js';
export {
  encodeProbeMatch,
  type AvailableSegments,
  type CountedBlocks,
  type ProbeMatch,
  type ProbeMatchFields,
} from './probe-match.js';
export { encodeProbe, type Probe, type ProbeFields } from './probe.js';
export { MAX_SEGMENTS, type Availability, type ProbedSegment } from './scopes.js';
export { padForAnswer } from './padding.js';
export { formatAddress, parseAddress, type TransportAddress } from './transport-address.js';
export { MAX_DEPTH, MAX_ELEMENTS } from './xml-element.js';
