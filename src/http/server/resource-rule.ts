import { validateHeaderValue } from 'node:http';
import { isDate } from 'node:util/types';
import * as E from 'fp-ts/lib/Either.js';
import { object } from '../../effects/validate/object.js';
import { bad, expected, optional, type Rule } from '../../effects/validate/rule.js';
import { bytes, text } from '../../effects/validate/scalars.js';

/** A file, by its path. */
export interface FileResource {
  readonly path: string;
  /** Its Content-Type; by default what its name stands for. */
  readonly type?: string | undefined;
}

/** Bytes in memory, which must not change while they are sent. Their entity tag is their hash. */
export interface BytesResource {
  readonly bytes: Uint8Array;
  /** Their Content-Type; `application/octet-stream` by default. */
  readonly type?: string | undefined;
  /** When they changed last, for clients that know dates only. */
  readonly modified?: Date | undefined;
}

/** What a request is answered with. */
export type Resource = FileResource | BytesResource;

const headerValue: Rule<string> = (value, at) => {
  if (typeof value !== 'string') return expected('a string', value, at);
  try {
    validateHeaderValue('Content-Type', value);
    return E.right(value);
  } catch {
    return bad(at, 'character', 'must not contain what no header may have, such as a line break');
  }
};

const date: Rule<Date> = (value, at) => {
  if (!isDate(value)) return expected('a Date', value, at);
  return Number.isNaN(value.getTime()) ? bad(at, 'range', 'must be a date that there is') : E.right(value);
};

const type = optional(headerValue);

const bytesRule: Rule<BytesResource> = object({
  bytes: bytes(0, Number.MAX_SAFE_INTEGER),
  type,
  modified: optional(date),
});

const fileRule: Rule<FileResource> = object({
  path: (value, at) => (value === undefined ? expected('a path, or bytes', value, at) : text(1)(value, at)),
  type,
});

/** Bytes, if there are any, and otherwise a file. */
export const resourceRule: Rule<Resource> = (value, at) => {
  const { bytes: given } = (value ?? {}) as { readonly bytes?: unknown };
  return given === undefined ? fileRule(value, at) : bytesRule(value, at);
};
