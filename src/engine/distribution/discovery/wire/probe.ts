import { DiscoveryMessageError, malformed } from './discovery-message-error.js';
import { element, encodeEnvelope, messageIdIn, type Envelope } from './envelope.js';
import {
  CROWD,
  EVERYBODY,
  MATCHING_RULES,
  PROBE_ACTION,
  TYPE_NAMES,
  VOCABULARIES,
  WSD,
  type ProbeVersion,
} from './names.js';
import {
  decodeHexScopes,
  decodeIdList,
  encodeIdList,
  MAX_SEGMENTS,
  scopeOf,
  type ProbedSegment,
} from './scopes.js';
import { typeOf } from './types.js';
import { childrenNamed, onlyChild, wordsOf, type XmlElement } from './xml-element.js';

/** The question who has segments (PCCRD 2.2.2.1), or who fetches any of them just now. */
export interface Probe {
  readonly _tag: 'Probe';
  readonly version: ProbeVersion;
  readonly messageId: string;
  readonly segments: readonly ProbedSegment[];
  /** Where its sender, who fetches them, serves blocks, if it says so. */
  readonly port?: number | undefined;
}

export interface ProbeFields {
  readonly version: ProbeVersion;
  readonly messageId: string;
  /** 1 to {@link MAX_SEGMENTS}, all of the same length. */
  readonly ids: readonly Uint8Array[];
  /** For those that fetch the same; other versions have no place for it. */
  readonly port?: number | undefined;
}

export const encodeProbe = ({ version, messageId, ids, port }: ProbeFields): Buffer => {
  const scopes = version === 2 ? encodeIdList(ids) : ids.map(scopeOf).join(' ');
  const types = element('wsd:Types', `${VOCABULARIES[version].prefix}:${TYPE_NAMES[version]}`);
  const place = version === 'crowd' && port !== undefined ? element('crowd:Port', `${port}`) : '';
  const rule = ` MatchBy="${MATCHING_RULES[version]}"`;
  return encodeEnvelope(
    version,
    [element('wsa:To', EVERYBODY), element('wsa:Action', PROBE_ACTION), element('wsa:MessageID', messageId)],
    `<wsd:Probe>${types}${element('wsd:Scopes', scopes, rule)}${place}</wsd:Probe>`,
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
  if (words.length === 0) throw malformed('no scopes');
  if (words.length > MAX_SEGMENTS) throw new DiscoveryMessageError('too-large', `${words.length} scopes`);
  const segments = version === 2 ? decodeIdList(words) : decodeHexScopes(words);
  if (segments.length === 0) throw malformed('no segments are asked for');
  const messageId = messageIdIn(header, 'MessageID');
  if (version !== 'crowd') return { _tag: 'Probe', version, messageId, segments };
  return { _tag: 'Probe', version, messageId, segments, port: portIn(probe) };
};

const portIn = (probe: XmlElement): number | undefined => {
  if (childrenNamed(probe, CROWD, 'Port').length === 0) return undefined;
  const text = onlyChild(probe, CROWD, 'Port').text.trim();
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) throw malformed('a port that is none');
  return port;
};
