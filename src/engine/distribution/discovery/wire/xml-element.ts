import { SaxesParser } from 'saxes';
import { DiscoveryMessageError, malformed } from './discovery-message-error.js';

/** The deepest element of a discovery message lies at level seven. */
export const MAX_DEPTH = 16;

/** A discovery message has about twenty elements; other headers may come along. */
export const MAX_ELEMENTS = 128;

/** An element with its names resolved. */
export interface XmlElement {
  /** Its namespace, empty for none. */
  readonly uri: string;
  readonly name: string;
  /** Those without a prefix, namespace declarations aside. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text directly inside. */
  readonly text: string;
  /** The namespace that `prefix` stands for here. */
  resolve(prefix: string): string | undefined;
}

class Draft implements XmlElement {
  readonly children: Draft[] = [];
  text = '';

  constructor(
    readonly uri: string,
    readonly name: string,
    readonly attributes: ReadonlyMap<string, string>,
    private readonly namespaces: Readonly<Record<string, string>>,
    private readonly parent: Draft | undefined,
  ) {}

  resolve(prefix: string): string | undefined {
    return this.namespaces[prefix] ?? this.parent?.resolve(prefix);
  }
}

/**
 * Reads a document that comes from anybody on the network, in time and memory proportional to its length. What SOAP
 * forbids is refused: document types, with them all entities but the five of XML, and processing instructions.
 */
export const parseXml = (xml: string): XmlElement => {
  const refuse = (what: string) => (): never => {
    throw malformed(`${what} is not allowed`);
  };
  let root: Draft | undefined;
  const open: Draft[] = [];
  let elements = 0;

  const parser = new SaxesParser({ xmlns: true, position: false });
  parser.on('error', (error) => {
    throw malformed(`not well-formed XML: ${error.message}`);
  });
  parser.on('doctype', refuse('a document type'));
  parser.on('processinginstruction', refuse('a processing instruction'));
  parser.on('xmldecl', ({ encoding = 'utf-8' }) => {
    if (encoding.toLowerCase() !== 'utf-8') throw malformed(`encoding ${encoding} is not read`);
  });
  parser.on('opentag', (tag) => {
    elements += 1;
    if (elements > MAX_ELEMENTS || open.length === MAX_DEPTH) {
      throw new DiscoveryMessageError('too-large', 'the message has too many or too deep elements');
    }
    const parent = open.at(-1);
    const element = new Draft(tag.uri, tag.local, plainAttributes(tag.attributes), tag.ns, parent);
    parent?.children.push(element);
    root ??= element;
    open.push(element);
  });
  const addText = (text: string): void => {
    const element = open.at(-1);
    if (element !== undefined) element.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    open.pop();
  });
  parser.write(xml).close();
  if (root === undefined) throw malformed('there is no root element');
  return root;
};

const plainAttributes = (
  attributes: Readonly<
    Record<string, { readonly uri: string; readonly local: string; readonly value: string }>
  >,
): ReadonlyMap<string, string> =>
  new Map(
    Object.values(attributes)
      .filter(({ uri }) => uri === '')
      .map(({ local, value }) => [local, value]),
  );

/** The children of `parent` with this name. */
export const childrenNamed = (parent: XmlElement, uri: string, name: string): readonly XmlElement[] =>
  parent.children.filter((child) => child.uri === uri && child.name === name);

/** The only child of `parent` with this name. Throws if there is none or more than one. */
export const onlyChild = (parent: XmlElement, uri: string, name: string): XmlElement => {
  const [child, second] = childrenNamed(parent, uri, name);
  if (child === undefined || second !== undefined) throw malformed(`not exactly one ${name}`);
  return child;
};

/** Its text as the list of words that XML Schema makes of it. */
export const wordsOf = ({ text }: XmlElement): readonly string[] => text.split(/[ \t\r\n]+/).filter(Boolean);

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** `text` as the content of an element. */
export const escapeText = (text: string): string =>
  text.replace(/[&<>]/g, (character) => ESCAPES[character] ?? character);
