import { listOf, type PresetHeaders } from '../protocol/header-list.js';
import type { Negotiation } from '../protocol/negotiation.js';
import { PEERDIST, VARY } from '../protocol/peerdist-headers.js';
import type { ByteSpan } from './byte-range.js';
import type { Preparations } from './preparations.js';
import type { OpenResource } from './resource.js';

type Headers = Readonly<Record<string, string>>;

/** Content information to send in the place of content; without it, what to add to the headers of the content. */
export interface Encoding {
  readonly information?: Uint8Array | undefined;
  readonly headers: Headers;
}

const NONE: Encoding = { headers: {} };

/**
 * Whether what is sent may be replaced by content information: not if the application has encoded it already, or wants
 * it untouched (RFC 9111, 5.2.2.6).
 */
export const mayBeEncoded = (preset: PresetHeaders): boolean =>
  listOf(preset['content-encoding']).every((coding) => coding.toLowerCase() === 'identity') &&
  !directivesOf(preset).some((directive) => directive.toLowerCase() === 'no-transform');

/** What the choice depends on, added to what the application says of its own. */
export const varyHeader = (preset: PresetHeaders): Headers => {
  const own = listOf(preset['vary']);
  const missing = VARY.filter((name) => !own.some((known) => known.toLowerCase() === name.toLowerCase()));
  return own.includes('*') ? {} : { Vary: [...own, ...missing].join(', ') };
};

/** Finds content information that the client can read. Without it nobody waits: it is prepared for the next time. */
export const encode = async (
  resource: OpenResource,
  span: ByteSpan,
  negotiation: Negotiation,
  preset: PresetHeaders,
  preparations: Preparations,
): Promise<Encoding> => {
  if (!negotiation.accepts || resource.fingerprint === undefined) return NONE;
  const { version } = negotiation;
  const information = await preparations.find(resource.fingerprint, span, negotiation);
  if (information !== undefined) {
    return {
      information,
      headers: {
        'Content-Encoding': PEERDIST,
        'Content-Length': String(information.length),
        'X-P2P-PeerDist': `Version=${version}, ContentLength=${span.length}`,
        'Cache-Control': guarded(preset),
      },
    };
  }
  const isComing = await preparations.begin(resource, negotiation);
  // A client that came for hashes alone would go on asking, and be sent the content each time.
  if (!isComing || version === '1.0' || negotiation.kind === 'hash') return NONE;
  return {
    headers: { 'X-P2P-PeerDist': `Version=${version}`, 'X-P2P-PeerDistEx': 'MakeHashRequest=true' },
  };
};

/** What a 304 says of keeping the content: what the answer with content information would (RFC 9110, 15.4.5). */
export const guardHeader = (
  { fingerprint }: OpenResource,
  negotiation: Negotiation,
  preset: PresetHeaders,
  preparations: Preparations,
): Headers =>
  negotiation.accepts && fingerprint !== undefined && preparations.has(fingerprint, negotiation)
    ? { 'Cache-Control': guarded(preset) }
    : {};

/**
 * For a part of the content: compressed by what the application has put around this, it would be a part of nothing that
 * its entity tag and Content-Range speak of.
 */
export const untouchedHeader = (preset: PresetHeaders): Headers => {
  const own = directivesOf(preset).filter((directive) => directive.toLowerCase() !== 'no-transform');
  return { 'Cache-Control': [...own, 'no-transform'].join(', ') };
};

const directivesOf = (preset: PresetHeaders): readonly string[] => listOf(preset['cache-control']);

/**
 * Content information opens the content for as long as any peer has it, so no cache between here and the client may
 * keep it, nor change it. What the application forbids beyond that stays forbidden.
 */
const guarded = (preset: PresetHeaders): string => {
  const own = directivesOf(preset).filter(
    (directive) => !/^(public|private\b.*|s-maxage\b.*)$/i.test(directive),
  );
  return [...own, 'private', 'no-transform'].join(', ');
};
