import type { IncomingHttpHeaders } from 'node:http';
import fresh from 'fresh';
import { textOf } from '../protocol/header-list.js';

/** What tells one state of a resource from another. */
export interface Validators {
  /** With its quotes; weak ones start with `W/`. */
  readonly etag: string;
  readonly modified: Date | undefined;
}

/**
 * What the conditions of a request make of it (RFC 9110, 13.2.2): 412 for a client that wants another state, 304 for one
 * that has this one already.
 */
export const evaluatePreconditions = (
  headers: IncomingHttpHeaders,
  { etag, modified }: Validators,
): 'proceed' | 304 | 412 => {
  const { 'if-match': ifMatch, 'if-unmodified-since': unmodifiedSince } = headers;
  if (ifMatch !== undefined) {
    if (!matchesStrongly(ifMatch, etag)) return 412;
  } else if (unmodifiedSince !== undefined && modified !== undefined) {
    // Nothing compares as later than a date that is none; such a header is to be ignored.
    if (inSeconds(modified) > Date.parse(unmodifiedSince)) return 412;
  }
  const known = { etag, ...(modified === undefined ? {} : { 'last-modified': modified.toUTCString() }) };
  return fresh(headers, known) ? 304 : 'proceed';
};

/** Whether the Range header is to be followed (RFC 9110, 13.1.5): only a strong validator says that parts fit together. */
export const rangeApplies = (headers: IncomingHttpHeaders, { etag, modified }: Validators): boolean => {
  if (headers['if-range'] === undefined) return true;
  const ifRange = textOf(headers['if-range']);
  if (ifRange.includes('"')) return matchesStrongly(ifRange, etag);
  // The entity tag is strong unless the resource has only just changed, which a date cannot rule out either.
  return !isWeak(etag) && modified !== undefined && inSeconds(modified) === Date.parse(ifRange);
};

const matchesStrongly = (list: string, etag: string): boolean =>
  list.trim() === '*' || (!isWeak(etag) && list.split(',').some((candidate) => candidate.trim() === etag));

const isWeak = (etag: string): boolean => etag.startsWith('W/');

/** Dates in headers have whole seconds. */
const inSeconds = (date: Date): number => Math.floor(date.getTime() / 1000) * 1000;
