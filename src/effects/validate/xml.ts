import * as E from 'fp-ts/lib/Either.js';

export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text directly inside, entities resolved. */
  readonly text: string;
}

/** Deeper documents are refused, so that walking one cannot exhaust the stack. */
export const MAX_DEPTH = 32;

/** `text` as the content of an element. */
export const escapeXml = (text: string): string =>
  text.replace(/[&<>\r]/g, (character) => ENTITIES_OUT[character] ?? character);

const ENTITIES_OUT: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  // A bare one would be read back as a line feed.
  '\r': '&#13;',
};

/** Whether XML 1.0 can hold `text`: no control characters but tab and line ends, no half surrogate pairs. */
export const isXmlText = (text: string): boolean => !NOT_XML.test(text);

const NOT_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

/**
 * Reads the XML that record attributes and searches are written in: elements, attributes, text, entities, comments. No
 * DOCTYPE, CDATA or processing instructions. @returns what is wrong, or the root.
 */
export const parseXml = (source: string): E.Either<string, XmlElement> => {
  if (!isXmlText(source)) return E.left('has a character that XML does not allow');
  const open: Draft[] = [{ name: '', attributes: new Map(), children: [], text: '' }];
  let offset = DECLARATION.exec(source)?.[0].length ?? 0;
  while (offset < source.length) {
    const token = tokenAt(source, offset);
    if (token === undefined) return E.left(`is not well-formed at character ${offset}`);
    const problem = apply(open, token);
    if (problem !== undefined) return E.left(`${problem} at character ${offset}`);
    offset += token.length;
  }
  const [document, unclosed] = open;
  if (unclosed !== undefined) return E.left(`lacks the end of <${unclosed.name}>`);
  const [root, second] = document?.children ?? [];
  if (root === undefined || second !== undefined || document?.text.trim() !== '') {
    return E.left('must have exactly one root element');
  }
  return E.right(root);
};

interface Draft extends XmlElement {
  readonly attributes: Map<string, string>;
  readonly children: Draft[];
  text: string;
}

interface Token {
  readonly kind: 'open' | 'close' | 'text' | 'comment';
  readonly length: number;
  /** The name of a tag, or the text. */
  readonly value: string;
  readonly attributes: string;
  readonly empty: boolean;
}

const NAME = '[A-Za-z_][A-Za-z0-9_.:-]*';
const DECLARATION = /^\uFEFF?(?:<\?xml\s[^?]*\?>)?/;
const ATTRIBUTE = new RegExp(`\\s+(${NAME})\\s*=\\s*(?:"([^"<]*)"|'([^'<]*)')`, 'g');
const TOKENS = new RegExp(
  [
    `<(?<open>${NAME})(?<attributes>(?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(?<empty>/?)>`,
    `</(?<close>${NAME})\\s*>`,
    '<!--(?<comment>[^]*?)-->',
    '(?<text>[^<]+)',
  ].join('|'),
  'y',
);

const tokenAt = (source: string, offset: number): Token | undefined => {
  TOKENS.lastIndex = offset;
  const match = TOKENS.exec(source);
  if (match === null) return undefined;
  const { attributes = '', empty = '', ...kinds } = match.groups ?? {};
  const kind = KINDS.find((name) => kinds[name] !== undefined) ?? 'comment';
  return { kind, length: match[0].length, value: kinds[kind] ?? '', attributes, empty: empty === '/' };
};

const KINDS = ['open', 'close', 'text', 'comment'] as const;

/** Adds a token to the innermost open element. @returns what is wrong with it. */
const apply = (open: Draft[], token: Token): string | undefined => {
  const parent = open.at(-1);
  if (parent === undefined) return 'has an end without a start';
  if (token.kind === 'text') return addText(parent, token.value);
  if (token.kind === 'open') return addElement(open, parent, token);
  if (token.kind === 'close') {
    if (open.length === 1 || parent.name !== token.value) return `has a stray </${token.value}>`;
    open.pop();
  }
  return undefined;
};

const addText = (parent: Draft, raw: string): string | undefined => {
  const text = decode(raw);
  if (text === undefined) return 'has an unknown entity';
  parent.text += text;
  return undefined;
};

const addElement = (open: Draft[], parent: Draft, token: Token): string | undefined => {
  if (open.length > MAX_DEPTH) return `is nested more than ${MAX_DEPTH} levels deep`;
  const attributes = new Map<string, string>();
  for (const [, name = '', double, single] of token.attributes.matchAll(ATTRIBUTE)) {
    const value = decode(double ?? single ?? '');
    if (value === undefined) return 'has an unknown entity';
    if (attributes.has(name)) return `has the attribute ${name} twice`;
    attributes.set(name, value);
  }
  const element: Draft = { name: token.value, attributes, children: [], text: '' };
  parent.children.push(element);
  if (!token.empty) open.push(element);
  return undefined;
};

const ENTITIES_IN: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** `undefined`: it has an entity that XML does not define, or a bare ampersand. */
const decode = (raw: string): string | undefined => {
  const unknown: string[] = [];
  const text = raw
    .replace(/\r\n?/g, '\n')
    .replace(ENTITY, (entity, hex?: string, decimal?: string, name?: string) => {
      const character = name === undefined ? characterOf(hex, decimal) : ENTITIES_IN.get(name);
      if (character === undefined) unknown.push(entity);
      return character ?? '';
    });
  return unknown.length === 0 ? text : undefined;
};

const ENTITY = /&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));|&/g;

const characterOf = (hex: string | undefined, decimal: string | undefined): string | undefined => {
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  if (Number.isNaN(code) || code > 0x10ffff) return undefined;
  const character = String.fromCodePoint(code);
  return isXmlText(character) ? character : undefined;
};
