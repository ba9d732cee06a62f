import { SaxesParser } from 'saxes';
import { Malformed } from './malformed.js';

/** One child element: a text, or bytes in base64 (`dt:dt="bin.base64"`). */
export type XmlField = readonly [name: string, value: string | Uint8Array];

/** The shape of every document of the grouping family: a versioned root with a flat list of fields. */
export interface XmlDocument {
  readonly root: string;
  readonly version: string;
  readonly fields: readonly XmlField[];
}

/** UTF-16 units. The largest honest document, an invitation at the end of a full chain, has half of that. */
export const MAX_DOCUMENT_LENGTH = 262_144;

const MAX_FIELDS = 8;
const DATA_TYPES = 'urn:schemas-microsoft-com:datatypes';
const BINARY = 'bin.base64';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escapeText = (text: string): string =>
  text.replace(/[&<>"\t\n\r]/g, (character) => ESCAPES[character] ?? `&#${character.charCodeAt(0)};`);

const writeField = ([name, value]: XmlField): string =>
  typeof value === 'string'
    ? `<${name}>${escapeText(value)}</${name}>`
    : `<${name} dt:dt="${BINARY}">${Buffer.from(value).toString('base64')}</${name}>`;

/** The one way in which a document is written. */
export const writeXml = ({ root, version, fields }: XmlDocument): string =>
  `<${root} VERSION="${escapeText(version)}" xmlns:dt="${DATA_TYPES}">${fields.map(writeField).join('')}</${root}>`;

/** Walks the tokens of a document; every construct that the shape has no place for is refused as it comes. */
const parse = (xml: string): XmlDocument => {
  const refuse = (what: string) => (): never => {
    throw new Malformed(`${what} is not allowed`);
  };
  let root: { readonly name: string; readonly version: string } | undefined;
  let open: { readonly name: string; readonly binary: boolean; text: string } | undefined;
  const fields: XmlField[] = [];

  const parser = new SaxesParser({ xmlns: false, position: false });
  parser.on('error', (error) => {
    throw new Malformed(`not well-formed XML: ${error.message}`);
  });
  parser.on('doctype', refuse('a document type'));
  parser.on('processinginstruction', refuse('a processing instruction'));
  parser.on('cdata', refuse('a CDATA section'));
  parser.on('comment', refuse('a comment'));
  parser.on('xmldecl', refuse('an XML declaration'));
  parser.on('opentag', ({ name, attributes }) => {
    if (root === undefined) {
      root = { name, version: attributes['VERSION'] ?? '' };
    } else if (open === undefined && fields.length < MAX_FIELDS) {
      open = { name, binary: attributes['dt:dt'] === BINARY, text: '' };
    } else {
      throw new Malformed(`element ${name} is nested too deeply or one too many`);
    }
  });
  parser.on('text', (text) => {
    if (open !== undefined) open.text += text;
  });
  parser.on('closetag', () => {
    if (open === undefined) return;
    fields.push([open.name, open.binary ? Buffer.from(open.text, 'base64') : open.text]);
    open = undefined;
  });
  parser.write(xml).close();
  if (root === undefined) throw new Malformed('there is no root element');
  return { root: root.name, version: root.version, fields };
};

/**
 * Reads a document byte for byte as {@link writeXml} writes it, white space around it aside: what is not covered by a
 * signature or a seal cannot be varied either. DTD, entities, comments and nesting are refused.
 */
export const readXml = (xml: string): XmlDocument => {
  if (xml.length > MAX_DOCUMENT_LENGTH)
    throw new Malformed(`the document is longer than ${MAX_DOCUMENT_LENGTH} characters`);
  const text = xml.trim();
  const document = parse(text);
  if (writeXml(document) !== text) throw new Malformed('the document is not byte for byte as it was written');
  return document;
};
