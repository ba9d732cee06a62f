/** Names and identifiers of MS-PCCRD 2.2 and WS-Discovery of April 2005, and of our own question. */

export const SOAP = 'http://www.w3.org/2003/05/soap-envelope';
export const WSA = 'http://schemas.xmlsoap.org/ws/2004/08/addressing';
export const WSD = 'http://schemas.xmlsoap.org/ws/2005/04/discovery';
export const PEER_DIST = 'http://schemas.microsoft.com/p2p/2007/09/PeerDistributionDiscovery';
/** Of nobody but engines like this one; whoever does not know a type does not answer. WS-Discovery 5.3. */
export const CROWD = 'urn:peerweave:crowd';

export const PROBE_ACTION = `${WSD}/Probe`;
export const PROBE_MATCHES_ACTION = `${WSD}/ProbeMatches`;
/** Where a Probe goes that is for everybody. */
export const EVERYBODY = 'urn:schemas-xmlsoap-org:ws:2005:04:discovery';
/** Where an answer goes: to whoever asked. */
export const ANONYMOUS = `${WSA}/role/anonymous`;

/** A version of discovery finds segments of content information of the same version. */
export type DiscoveryVersion = 1 | 2;

/** A Probe asks who has segments, in one of the versions of that, or who fetches them just now. */
export type ProbeVersion = DiscoveryVersion | 'crowd';

/** The local name of the type that a version asks for. */
export const TYPE_NAMES: Readonly<Record<ProbeVersion, string>> = {
  1: 'PeerDistData',
  2: 'PeerDistDataV2',
  crowd: 'Fetching',
};

/** Prefix and namespace of what is not of SOAP in the messages of a version. */
export const VOCABULARIES: Readonly<Record<ProbeVersion, { readonly prefix: string; readonly uri: string }>> =
  {
    1: { prefix: 'PeerDist', uri: PEER_DIST },
    2: { prefix: 'PeerDist', uri: PEER_DIST },
    crowd: { prefix: 'crowd', uri: CROWD },
  };

/** How the scopes of a Probe are to be compared. */
export const MATCHING_RULES: Readonly<Record<ProbeVersion, string>> = {
  1: `${WSD}/strcmp0`,
  2: 'http://schemas.microsoft.com/p2p/2010/05/PeerDistV2MatchingRule',
  // Of several scopes one is enough.
  crowd: `${CROWD}:any`,
};
