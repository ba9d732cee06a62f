import { isDate } from 'node:util/types';
import * as E from 'fp-ts/lib/Either.js';
import { LIMITS } from '../../driver/index.js';
import { bad, expected, type At, type Rule } from './rule.js';
import { isXmlText } from './xml.js';
import type { Problem } from '../error/index.js';

/** What an attribute of a record holds; the type in the XML (string, int, date) follows from it. */
export type AttributeValue = string | number | bigint | Date;

type AttributeType = 'string' | 'int' | 'date';

/** A value as the XML writes it. */
export interface WrittenValue {
  readonly type: AttributeType;
  readonly text: string;
}

export const attributeName: Rule<string> = (value, at) => {
  if (typeof value !== 'string') return expected('an attribute name', value, at);
  return NAME.test(value)
    ? E.right(value)
    : bad(at, 'format', `must be 1 to ${LIMITS['record.attributeName.max']} letters and digits`);
};

const NAME = new RegExp(`^[0-9A-Za-z]{1,${LIMITS['record.attributeName.max']}}$`);

export const attributeValue: Rule<WrittenValue> = (value, at) => {
  switch (typeof value) {
    case 'string':
      return isXmlText(value)
        ? E.right({ type: 'string', text: value })
        : bad(at, 'character', 'must not contain control characters or half of a surrogate pair');
    case 'bigint':
      return E.right({ type: 'int', text: value.toString() });
    case 'number':
      return Number.isSafeInteger(value)
        ? E.right({ type: 'int', text: BigInt(value).toString() })
        : bad(at, 'range', 'must be a whole number within 2^53; take a bigint beyond');
    default:
      return isDate(value) ? dateValue(value, at) : expected('a string, number, bigint or Date', value, at);
  }
};

const dateValue = (value: Date, at: At): E.Either<readonly Problem[], WrittenValue> => {
  const year = value.getUTCFullYear();
  return year >= 1 && year <= 9999
    ? E.right({ type: 'date', text: value.toISOString() })
    : bad(at, 'range', 'must be a valid Date in the years 1 to 9999');
};

/** The value that `text` writes, `undefined` if it is none of that type. */
export const readValue = (type: string, text: string): AttributeValue | undefined => {
  if (type === 'string') return text;
  if (type === 'int') return INT.test(text) ? readInt(text) : undefined;
  return type === 'date' && W3C_DATE.test(text) ? readDate(text) : undefined;
};

const INT = /^[+-]?\d+$/;
// https://www.w3.org/TR/NOTE-datetime
const W3C_DATE = /^\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)?)?$/;

const readInt = (text: string): number | bigint => {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text.replace('+', ''));
};

const readDate = (text: string): Date | undefined => {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date;
};
