/** Names and identifiers of MS-PCCRD 2.2 and WS-Discovery of April 2005. */

export const SOAP = 'http://www.w3.org/2003/05/soap-envelope';
export const WSA = 'http://schemas.xmlsoap.org/ws/2004/08/addressing';
export const WSD = 'http://schemas.xmlsoap.org/ws/2005/04/discovery';
export const PEER_DIST = 'http://schemas.microsoft.com/p2p/2007/09/PeerDistributionDiscovery';

export const PROBE_ACTION = `${WSD}/Probe`;
export const PROBE_MATCHES_ACTION = `${WSD}/ProbeMatches`;
/** Where a Probe goes that is for everybody. */
export const EVERYBODY = 'urn:schemas-xmlsoap-org:ws:2005:04:discovery';
/** Where an answer goes: to whoever asked. */
export const ANONYMOUS = `${WSA}/role/anonymous`;

/** A version of discovery finds segments of content information of the same version. */
export type DiscoveryVersion = 1 | 2;

/** The local name of the type that a version asks for, which is in the namespace of PeerDist. */
export const TYPE_NAMES: Readonly<Record<DiscoveryVersion, string>> = {
  1: 'PeerDistData',
  2: 'PeerDistDataV2',
};

/** How the scopes of a Probe are to be compared. */
export const MATCHING_RULES: Readonly<Record<DiscoveryVersion, string>> = {
  1: `${WSD}/strcmp0`,
  2: 'http://schemas.microsoft.com/p2p/2010/05/PeerDistV2MatchingRule',
};
