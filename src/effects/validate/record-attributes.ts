import * as E from 'fp-ts/lib/Either.js';
import type { PeerError, Problem } from '../error/index.js';
import {
  attributeName,
  attributeValue,
  readValue,
  type AttributeValue,
  type WrittenValue,
} from './attribute-value.js';
import { list, object } from './object.js';
import { bad, inside, problem, type At, type Rule } from './rule.js';
import { text } from './scalars.js';
import { validate } from './validate.js';
import { escapeXml, parseXml, type XmlElement } from './xml.js';

/** A searchable property of a record. Names are letters and digits, 40 at most; a name may stand more than once. */
export interface RecordAttribute {
  readonly name: string;
  readonly value: AttributeValue;
}

/** The attributes of a record as a list, or as the XML that Windows knows. */
export type RecordAttributesInput = string | readonly RecordAttribute[];

/** The XML of attributes. */
export const recordAttributes: Rule<string> = (value, at) => {
  if (typeof value !== 'string') return E.map(write)(list(attribute)(value, at));
  const read = readXml(value, at, ownName);
  return E.isLeft(read) ? read : E.right(value);
};

/**
 * The attributes that an XML text lists, also those that the system fills in itself: for the `attributes` of a record
 * that was read.
 *
 * Errors: `BadArgument` with every fault of the text. Source: Record Attribute Schema.
 *
 * @example
 * ```ts
 * import { parseRecordAttributes } from 'peerweave/effects';
 *
 * const xml = '<attributes><attribute name="title" type="string">Opening</attribute></attributes>';
 * const parsed = parseRecordAttributes(xml);
 * console.log(parsed._tag === 'Right' ? parsed.right : parsed.left.problems); // [{ name: 'title', value: 'Opening' }]
 * ```
 */
export const parseRecordAttributes = (xml: string): E.Either<PeerError, readonly RecordAttribute[]> =>
  validate(
    (value, at) => E.chain((source: string) => readXml(source, at, attributeName))(text()(value, at)),
    xml,
    'parseRecordAttributes',
  );

/** What the system fills in itself; a search may ask for it, a record may not set it. */
const RESERVED: ReadonlySet<string> = new Set([
  'peerlastmodifiedby',
  'peercreatorid',
  'peerlastmodificationtime',
  'peerrecordid',
  'peerrecordtype',
  'peercreationtime',
]);

const ownName: Rule<string> = (value, at) =>
  typeof value === 'string' && RESERVED.has(value)
    ? bad(at, 'forbidden', 'is a name that the system fills in itself')
    : attributeName(value, at);

const attribute = object({ name: ownName, value: attributeValue });

const write = (
  attributes: readonly {
    readonly name: string;
    readonly value: WrittenValue;
  }[],
): string =>
  [
    '<attributes>',
    ...attributes.map(
      ({ name, value }) =>
        `<attribute name="${name}" type="${value.type}">${escapeXml(value.text)}</attribute>`,
    ),
    '</attributes>',
  ].join('');

const readXml = (
  source: string,
  at: At,
  nameRule: Rule<string>,
): E.Either<readonly Problem[], readonly RecordAttribute[]> => {
  const root = parseXml(source);
  if (E.isLeft(root)) return bad(at, 'format', root.left);
  const { name, text: loose, children } = root.right;
  if (name !== 'attributes' || loose.trim() !== '') {
    return bad(at, 'format', 'must be an <attributes> element with nothing but <attribute> elements inside');
  }
  return list(readElement(nameRule))(children, at);
};

const readElement =
  (nameRule: Rule<string>): Rule<RecordAttribute> =>
  (value, at) => {
    const { name: tag, attributes, children, text: content } = value as XmlElement;
    if (tag !== 'attribute' || children.length > 0)
      return bad(at, 'format', 'must be an <attribute> with text');
    const name = nameRule(attributes.get('name'), inside(at, 'name'));
    const read = readValue(attributes.get('type') ?? '', content);
    const problems = [
      ...(E.isLeft(name) ? name.left : []),
      ...(read === undefined
        ? [problem(at, 'format', 'must be a string, int or date as its type says')]
        : []),
    ];
    return E.isLeft(name) || read === undefined
      ? E.left(problems)
      : E.right({ name: name.right, value: read });
  };
