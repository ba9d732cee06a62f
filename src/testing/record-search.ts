import { fileTimeToDate, type FileTime, type GroupRecord } from '../driver/index.js';
import {
  isAttributeType,
  isValueOf,
  parseRecordAttributes,
  type AttributeType,
  type RecordAttribute,
} from './record-attributes.js';
import { parseXml, type XmlElement } from './xml.js';

export type RecordPredicate = (record: GroupRecord) => boolean;

/** Why criteria are refused: as malformed, or for a backslash that escapes nothing. */
export type SearchFlaw = 'malformed' | 'bad-escape';

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  equal: (order) => order === 0,
  notequal: (order) => order !== 0,
  less: (order) => order < 0,
  greater: (order) => order > 0,
  lessorequal: (order) => order <= 0,
  greaterorequal: (order) => order >= 0,
};

const BAD_ESCAPE = /^(?:[^\\]|\\[*?\\])*\\(?![*?\\])/;

const dateText = (time: FileTime): string => fileTimeToDate(time).toISOString();

/** The attributes of a record together with those that the system adds. */
const attributesOf = (record: GroupRecord): readonly RecordAttribute[] => [
  ...(record.attributes === undefined ? [] : (parseRecordAttributes(record.attributes) ?? [])),
  { name: 'peercreatorid', type: 'string', value: record.creatorId },
  { name: 'peerlastmodifiedby', type: 'string', value: record.modifiedById ?? record.creatorId },
  { name: 'peerrecordid', type: 'string', value: record.id },
  { name: 'peerrecordtype', type: 'string', value: record.type },
  { name: 'peercreationtime', type: 'date', value: dateText(record.created) },
  { name: 'peerlastmodificationtime', type: 'date', value: dateText(record.modified ?? record.created) },
];

const sign = (left: string | number | bigint, right: string | number | bigint): number => {
  if (left === right) return 0;
  return left < right ? -1 : 1;
};

/** The order of two values of one type. */
const order = (type: AttributeType, left: string, right: string): number => {
  if (type === 'int') return sign(BigInt(left.trim()), BigInt(right.trim()));
  return type === 'date' ? sign(Date.parse(left), Date.parse(right)) : sign(left, right);
};

/** The pattern of a text with `*` for any number of characters, `?` for one, and `\` before one that is meant. */
const wildcards = (text: string): RegExp => {
  const source = text.replace(/\\([*?\\])|[\s\S]/g, (token, escaped?: string) => {
    if (escaped !== undefined) return `\\${escaped}`;
    if (token === '*') return '[\\s\\S]*';
    return token === '?' ? '[\\s\\S]' : token.replace(/[.+^${}()|[\]]/, '\\$&');
  });
  return new RegExp(`^${source}$`);
};

const clause = ({ attributes, text, children }: XmlElement): RecordPredicate | SearchFlaw => {
  const [name, type] = [attributes.get('attrib'), attributes.get('type')];
  const compare = attributes.get('compare') ?? 'equal';
  const holds = COMPARISONS[compare];
  if (name === undefined || holds === undefined || children.length > 0) return 'malformed';
  if (!isAttributeType(type) || !isValueOf(type, text)) return 'malformed';
  if (type === 'string' && BAD_ESCAPE.test(text)) return 'bad-escape';
  const pattern =
    type === 'string' && compare.endsWith('equal') && !compare.includes('or') ? wildcards(text) : undefined;
  const matches = ({ value }: RecordAttribute): boolean =>
    pattern === undefined ? holds(order(type, value, text)) : holds(pattern.test(value) ? 0 : 1);
  return (record) =>
    attributesOf(record).some((one) => one.name === name && one.type === type && matches(one));
};

const node = (element: XmlElement): RecordPredicate | SearchFlaw => {
  if (element.name === 'clause') return clause(element);
  if ((element.name !== 'and' && element.name !== 'or') || element.children.length === 0) return 'malformed';
  const predicates: RecordPredicate[] = [];
  for (const child of element.children) {
    const predicate = node(child);
    if (typeof predicate === 'string') return predicate;
    predicates.push(predicate);
  }
  return element.name === 'and'
    ? (record) => predicates.every((holds) => holds(record))
    : (record) => predicates.some((holds) => holds(record));
};

/** What a `peersearch` document asks of a record, or what is wrong with it. */
export const parseSearch = (criteria: string): RecordPredicate | SearchFlaw => {
  const root = parseXml(criteria);
  const [only, ...more] = root?.children ?? [];
  if (root?.name !== 'peersearch' || only === undefined || more.length > 0) return 'malformed';
  return node(only);
};
