/** As much of an element as the small formats of the grouping family need. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text directly inside, entities resolved. */
  readonly text: string;
}

interface OpenElement extends XmlElement {
  readonly children: XmlElement[];
  text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

const TOKEN =
  /<\?[^?]*\?>|<!--[\s\S]*?-->|<\/(?<end>[\w:.-]+)\s*>|<(?<start>[\w:.-]+)(?<attributes>(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(?<empty>\/?)>|(?<text>[^<]+)/gy;

const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

const unescape = (text: string): string =>
  text.replace(
    /&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      const point = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    },
  );

const parseAttributes = (source: string): ReadonlyMap<string, string> =>
  new Map(
    [...source.matchAll(ATTRIBUTE)].map(
      ([, name = '', double, single]) => [name, unescape(double ?? single ?? '')] as const,
    ),
  );

/** The root element of a well-formed document without DTD, otherwise `undefined`. */
export const parseXml = (source: string): XmlElement | undefined => {
  const roots: XmlElement[] = [];
  const open: OpenElement[] = [];
  let position = 0;
  for (const match of source.matchAll(TOKEN)) {
    position = match.index + match[0].length;
    const { start, end, attributes = '', empty, text } = match.groups ?? {};
    const parent = open.at(-1);
    if (text !== undefined) {
      if (parent !== undefined) parent.text += unescape(text);
      else if (text.trim() !== '') return undefined;
    } else if (start !== undefined) {
      const element: OpenElement = {
        name: start,
        attributes: parseAttributes(attributes),
        children: [],
        text: '',
      };
      (parent?.children ?? roots).push(element);
      if (empty === '') open.push(element);
    } else if (end !== undefined && open.pop()?.name !== end) return undefined;
  }
  return position === source.length && open.length === 0 && roots.length === 1 ? roots[0] : undefined;
};

/** `text` for use inside an element or a quoted attribute. */
export const escapeXml = (text: string): string =>
  text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
