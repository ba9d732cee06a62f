import { parseXml } from './xml.js';

export type AttributeType = 'string' | 'int' | 'date';

export interface RecordAttribute {
  readonly name: string;
  readonly type: AttributeType;
  readonly value: string;
}

const NAME = /^[A-Za-z0-9]{1,40}$/;
const INTEGER = /^[+-]?\d+$/;

/** Names that the system answers itself in a search. */
const RESERVED_NAMES = [
  'peerlastmodifiedby',
  'peercreatorid',
  'peerlastmodificationtime',
  'peerrecordid',
  'peerrecordtype',
  'peercreationtime',
] as const;

const isReserved = (name: string): boolean => (RESERVED_NAMES as readonly string[]).includes(name);

export const isAttributeType = (text: string | undefined): text is AttributeType =>
  text === 'string' || text === 'int' || text === 'date';

export const isValueOf = (type: AttributeType, value: string): boolean => {
  if (type === 'int') return INTEGER.test(value.trim());
  return type === 'string' || !Number.isNaN(Date.parse(value));
};

/** The attributes of a record, `undefined` for XML that breaks a rule of theirs. */
export const parseRecordAttributes = (xml: string): readonly RecordAttribute[] | undefined => {
  const root = parseXml(xml);
  if (root?.name !== 'attributes') return undefined;
  const attributes: RecordAttribute[] = [];
  for (const { name: element, attributes: described, text } of root.children) {
    const [name = '', type] = [described.get('name'), described.get('type')];
    if (element !== 'attribute' || !NAME.test(name) || isReserved(name)) return undefined;
    if (!isAttributeType(type) || !isValueOf(type, text)) return undefined;
    attributes.push({ name, type, value: text });
  }
  return attributes;
};
