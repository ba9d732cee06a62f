import { decodeSegmentAges, encodeSegmentAges, type SegmentAge } from '../../wire/index.js';
import { malformed } from './discovery-message-error.js';
import { element, encodeEnvelope, messageIdIn, type Envelope } from './envelope.js';
import {
  ANONYMOUS,
  PEER_DIST,
  PROBE_MATCHES_ACTION,
  TYPE_NAMES,
  VOCABULARIES,
  WSD,
  type ProbeVersion,
} from './names.js';
import {
  decodeAvailability,
  decodeBlockCounts,
  decodeHexScopes,
  encodeAvailability,
  encodeBlockCounts,
  type Availability,
  type ProbedSegment,
} from './scopes.js';
import { formatAddress, parseAddress, type TransportAddress } from './transport-address.js';
import { typeOf } from './types.js';
import { childrenNamed, onlyChild, wordsOf, type XmlElement } from './xml-element.js';

/** Version 1 names the segments that are there and counts their blocks. */
export interface CountedBlocks {
  readonly version: 1;
  readonly segments: readonly (ProbedSegment & { readonly blocks: number })[];
}

/** Version 2 goes through the segments of the Probe; a decoded one may have padding after the last of them. */
export interface AvailableSegments {
  readonly version: 2;
  readonly segments: readonly Availability[];
  /** How long it has had them, as far as it says so. */
  readonly ages: readonly SegmentAge[];
}

/** The segments that its sender fetches, of those that were asked for. */
export interface FetchedSegments {
  readonly version: 'crowd';
  readonly segments: readonly ProbedSegment[];
}

/** The answer of a peer that has segments (PCCRD 2.2.2.2), or fetches them. */
export interface ProbeMatch {
  readonly _tag: 'ProbeMatch';
  /** MessageID of the Probe. */
  readonly relatesTo: string;
  /** Where it serves blocks: all it gave that are IP addresses with a port. */
  readonly addresses: readonly TransportAddress[];
  readonly found: CountedBlocks | AvailableSegments | FetchedSegments;
}

/** What only its writer needs to know of a ProbeMatch. */
export interface ProbeMatchFields extends Omit<ProbeMatch, '_tag'> {
  readonly messageId: string;
  /** URN of the peer, new with each start. */
  readonly endpoint: string;
  /** Grows from start to start. */
  readonly instanceId: number;
  /** From 1 on. */
  readonly messageNumber: number;
}

export const encodeProbeMatch = (fields: ProbeMatchFields): Buffer => {
  const { found, addresses } = fields;
  const sequence = `<wsd:AppSequence InstanceId="${fields.instanceId}" MessageNumber="${fields.messageNumber}"/>`;
  const match = [
    `<wsa:EndpointReference>${element('wsa:Address', fields.endpoint)}</wsa:EndpointReference>`,
    element('wsd:Types', `${VOCABULARIES[found.version].prefix}:${TYPE_NAMES[found.version]}`),
    element('wsd:Scopes', scopesOf(found)),
    element('wsd:XAddrs', addresses.map(formatAddress).join(' ')),
    element('wsd:MetadataVersion', found.version === 2 ? '2' : '1'),
    ...payloadOf(found),
  ];
  return encodeEnvelope(
    found.version,
    [
      element('wsa:To', ANONYMOUS),
      element('wsa:Action', PROBE_MATCHES_ACTION),
      element('wsa:MessageID', fields.messageId),
      element('wsa:RelatesTo', fields.relatesTo),
      sequence,
    ],
    `<wsd:ProbeMatches><wsd:ProbeMatch>${match.join('')}</wsd:ProbeMatch></wsd:ProbeMatches>`,
  );
};

const scopesOf = (found: ProbeMatch['found']): string =>
  found.version === 2
    ? encodeAvailability(found.segments)
    : found.segments.map(({ scope }) => scope).join(' ');

const payloadOf = (found: ProbeMatch['found']): readonly string[] => {
  if (found.version === 'crowd') return [];
  const payload =
    found.version === 1
      ? element('PeerDist:BlockCount', encodeBlockCounts(found.segments.map(({ blocks }) => blocks)))
      : element('PeerDist:SegmentAges', encodeSegmentAges(found.ages).toString('base64'));
  return [`<PeerDist:PeerDistData>${payload}</PeerDist:PeerDistData>`];
};

/** The first match that is about segments; `undefined`: all are about something else. */
export const decodeProbeMatch = ({ header, body }: Envelope): ProbeMatch | undefined => {
  const matches = childrenNamed(onlyChild(body, WSD, 'ProbeMatches'), WSD, 'ProbeMatch');
  for (const match of matches) {
    const version = typeOf(match);
    if (version === undefined) continue;
    const addresses = wordsOf(onlyChild(match, WSD, 'XAddrs')).flatMap((word) => parseAddress(word) ?? []);
    if (addresses.length === 0) throw malformed('no address that can be connected to');
    return {
      _tag: 'ProbeMatch',
      relatesTo: messageIdIn(header, 'RelatesTo'),
      addresses,
      found: foundIn(match, version),
    };
  }
  return undefined;
};

const foundIn = (match: XmlElement, version: ProbeVersion): ProbeMatch['found'] => {
  const words = wordsOf(onlyChild(match, WSD, 'Scopes'));
  if (version === 2) return { version, segments: decodeAvailability(words), ages: agesIn(match) };
  const segments = decodeHexScopes(words);
  if (version === 'crowd') return { version, segments };
  const payload = onlyChild(match, PEER_DIST, 'PeerDistData');
  const counts = decodeBlockCounts(wordsOf(onlyChild(payload, PEER_DIST, 'BlockCount')));
  if (counts.length !== segments.length) throw malformed('not one block count for each segment');
  return {
    version,
    segments: segments.map((segment, index) => ({ ...segment, blocks: counts[index] ?? 0 })),
  };
};

/** They are good to have only, so what is no ages counts as none. The draft of 2012 calls the element otherwise. */
const agesIn = (match: XmlElement): readonly SegmentAge[] => {
  const payloads = [TYPE_NAMES[1], TYPE_NAMES[2]].flatMap((name) => childrenNamed(match, PEER_DIST, name));
  const [ages] = payloads.flatMap((payload) => childrenNamed(payload, PEER_DIST, 'SegmentAges'));
  if (ages === undefined) return [];
  return decodeSegmentAges(Buffer.from(wordsOf(ages).join(''), 'base64')) ?? [];
};
