import { decodeEnvelope } from './envelope.js';
import { CROWD, PROBE_ACTION, PROBE_MATCHES_ACTION } from './names.js';
import { decodeProbe, type Probe } from './probe.js';
import { decodeProbeMatch, type ProbeMatch } from './probe-match.js';

/** One of them stands in every message of the protocol, and in hardly another one. */
const MARKS = ['PeerDistData', CROWD];

/** Whether a datagram may be about segments, at little cost: most of what arrives is about printers and the like. */
export const mentionsSegments = (bytes: Buffer): boolean => MARKS.some((mark) => bytes.includes(mark));

/**
 * What a datagram of the WS-Discovery port says; `undefined`: it is a message of another service, or none at all.
 * Throws a `DiscoveryMessageError` for what claims to be a message of the protocol and is not, or too much of one.
 */
export const decodeDiscoveryMessage = (bytes: Buffer): Probe | ProbeMatch | undefined => {
  if (!mentionsSegments(bytes)) return undefined;
  const envelope = decodeEnvelope(bytes);
  if (envelope.action === PROBE_ACTION) return decodeProbe(envelope);
  if (envelope.action === PROBE_MATCHES_ACTION) return decodeProbeMatch(envelope);
  return undefined;
};
