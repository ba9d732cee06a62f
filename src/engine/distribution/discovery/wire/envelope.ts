import { DiscoveryMessageError, malformed } from './discovery-message-error.js';
import { SOAP, VOCABULARIES, WSA, WSD, type ProbeVersion } from './names.js';
import { escapeText, onlyChild, parseXml, type XmlElement } from './xml-element.js';

/** Bytes; SOAP-over-UDP allows no more. An honest Probe has up to 20 000. */
export const MAX_MESSAGE_LENGTH = 32_767;

/** A message of WS-Discovery, of whatever kind. */
export interface Envelope {
  readonly action: string;
  readonly header: XmlElement;
  readonly body: XmlElement;
}

/** A header or body element with text, and attributes already escaped. */
export const element = (name: string, text: string, attributes = ''): string =>
  `<${name}${attributes}>${escapeText(text)}</${name}>`;

/**
 * The bytes of a message. The prefixes are those of the specification: to other peers' parsers they should not matter,
 * but some clients search the text for them.
 */
export const encodeEnvelope = (version: ProbeVersion, header: readonly string[], body: string): Buffer => {
  const { prefix, uri } = VOCABULARIES[version];
  return Buffer.from(
    `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="${SOAP}" xmlns:wsa="${WSA}"` +
      ` xmlns:wsd="${WSD}" xmlns:${prefix}="${uri}"><soap:Header>${header.join('')}</soap:Header>` +
      `<soap:Body>${body}</soap:Body></soap:Envelope>`,
  );
};

export const decodeEnvelope = (bytes: Uint8Array): Envelope => {
  if (bytes.length > MAX_MESSAGE_LENGTH) {
    throw new DiscoveryMessageError('too-large', `${bytes.length} bytes in a message`);
  }
  const root = parseXml(decodeText(bytes));
  if (root.uri !== SOAP || root.name !== 'Envelope') throw malformed('the root is no SOAP envelope');
  const header = onlyChild(root, SOAP, 'Header');
  return {
    action: onlyChild(header, WSA, 'Action').text.trim(),
    header,
    body: onlyChild(root, SOAP, 'Body'),
  };
};

/** An id of a message or the one that it relates to: opaque, but never anything that needs room or care. */
export const messageIdIn = (header: XmlElement, name: 'MessageID' | 'RelatesTo'): string => {
  const id = onlyChild(header, WSA, name).text.trim();
  if (!/^[\x21-\x7e]{1,256}$/.test(id)) throw malformed(`a ${name} that is no URI`);
  return id;
};

const decodeText = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('the message is not UTF-8');
  }
};
