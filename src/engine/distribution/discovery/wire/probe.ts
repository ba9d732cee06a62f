import { malformed } from './discovery-message-error.js';
import { element, encodeEnvelope, messageIdIn, type Envelope } from './envelope.js';
import { EVERYBODY, MATCHING_RULES, PROBE_ACTION, TYPE_NAMES, WSD, type DiscoveryVersion } from './names.js';
import {
  decodeHexScopes,
  decodeIdList,
  encodeIdList,
  MAX_SEGMENTS,
  scopeOf,
  type ProbedSegment,
} from './scopes.js';
import { typeOf } from './types.js';
import { onlyChild, wordsOf } from './xml-element.js';

/** The question who has segments. PCCRD 2.2.2.1. */
export interface Probe {
  readonly _tag: 'Probe';
  readonly version: DiscoveryVersion;
  readonly messageId: string;
  readonly segments: readonly ProbedSegment[];
}

export interface ProbeFields {
  readonly version: DiscoveryVersion;
  readonly messageId: string;
  /** 1 to {@link MAX_SEGMENTS}, all of the same length. */
  readonly ids: readonly Uint8Array[];
}

export const encodeProbe = ({ version, messageId, ids }: ProbeFields): Buffer => {
  const scopes = version === 1 ? ids.map(scopeOf).join(' ') : encodeIdList(ids);
  const types = element('wsd:Types', `PeerDist:${TYPE_NAMES[version]}`);
  const rule = ` MatchBy="${MATCHING_RULES[version]}"`;
  return encodeEnvelope(
    [element('wsa:To', EVERYBODY), element('wsa:Action', PROBE_ACTION), element('wsa:MessageID', messageId)],
    `<wsd:Probe>${types}${element('wsd:Scopes', scopes, rule)}</wsd:Probe>`,
  );
};

/** `undefined`: it asks for something else than segments. */
export const decodeProbe = ({ header, body }: Envelope): Probe | undefined => {
  const probe = onlyChild(body, WSD, 'Probe');
  const version = typeOf(probe);
  if (version === undefined) return undefined;
  const scopes = onlyChild(probe, WSD, 'Scopes');
  const rule = scopes.attributes.get('MatchBy')?.trim();
  if (rule !== undefined && rule !== MATCHING_RULES[version]) throw malformed('another rule of matching');
  const words = wordsOf(scopes);
  if (words.length === 0 || words.length > MAX_SEGMENTS) throw malformed(`${words.length} scopes`);
  const segments = version === 1 ? decodeHexScopes(words) : decodeIdList(words);
  if (segments.length === 0) throw malformed('no segments are asked for');
  return { _tag: 'Probe', version, messageId: messageIdIn(header, 'MessageID'), segments };
};
