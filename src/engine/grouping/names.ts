import { createHash } from 'node:crypto';
import { Refusal } from './refusal.js';
import { LIMITS, type HresultSymbol } from '../../driver/index.js';

export const MAX_CLASSIFIER_LENGTH = LIMITS['identity.classifier.max'];
export const MAX_FRIENDLY_NAME_LENGTH = LIMITS['identity.friendlyName.max'];

/** The authority of a name that no key stands behind. */
export const UNSECURED = '0';

export interface PeerName {
  /** 40 lower-case hex digits, or `0` for an unsecured name. */
  readonly authority: string;
  readonly classifier: string;
}

const PEER_NAME = /^(0|[0-9a-f]{40})\.([^\0]*)$/s;

// Char of XML 1.0 §2.2: a name has to fit into the documents that carry it, so control characters are out as well.
const XML_TEXT = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u;

/** Refuses a text that is longer than `max` UTF-16 units or that no XML document can carry. */
export const checkText = (symbol: HresultSymbol, what: string, text: string, max: number): string => {
  if (text.length > max)
    throw new Refusal(symbol, `${what} has ${text.length} characters, ${max} are allowed`);
  if (!XML_TEXT.test(text))
    throw new Refusal(symbol, `${what} contains NUL, another control character or half a surrogate pair`);
  return text;
};

/** Whether `text` can be the friendly name of an identity or a group. */
export const isFriendlyName = (text: string): boolean =>
  text.length <= MAX_FRIENDLY_NAME_LENGTH && XML_TEXT.test(text);

/** SHA-1 over the SubjectPublicKeyInfo, as 40 lower-case hex digits. */
export const authorityOf = (publicKey: Uint8Array): string =>
  createHash('sha1').update(publicKey).digest('hex');

/** `authority.classifier`. The dot belongs to the name also when the classifier is empty. */
export const composePeerName = (authority: string, classifier = ''): string => `${authority}.${classifier}`;

/** The two parts of a peer name, or `undefined` for anything else. */
export const parsePeerName = (text: string): PeerName | undefined => {
  const [, authority, classifier] = PEER_NAME.exec(text) ?? [];
  if (authority === undefined || classifier === undefined) return undefined;
  return classifier.length <= MAX_CLASSIFIER_LENGTH && XML_TEXT.test(classifier)
    ? { authority, classifier }
    : undefined;
};

/** Whether `name` is a secure peer name of this public key. */
export const isNameOf = (name: string, publicKey: Uint8Array): boolean =>
  parsePeerName(name)?.authority === authorityOf(publicKey);
