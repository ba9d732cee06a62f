import type { IncomingHttpHeaders } from 'node:http';
import { type ByteSpan, requestedSpan } from './byte-range.js';
import { evaluatePreconditions, rangeApplies, type Validators } from './preconditions.js';

/** What of a resource is to be sent: a span of it, or nothing but a status. */
export type Selection =
  { readonly status: 200 | 206; readonly span: ByteSpan } | { readonly status: 304 | 412 | 416 };

/** Applies conditions and range of a request, in the order of RFC 9110, 13.2.2. */
export const select = (
  method: string | undefined,
  headers: IncomingHttpHeaders,
  resource: { readonly length: number; readonly validators: Validators },
): Selection => {
  const { length, validators } = resource;
  const condition = evaluatePreconditions(headers, validators);
  if (condition !== 'proceed') return { status: condition };
  const whole: Selection = { status: 200, span: { start: 0, length } };
  // Ranges are defined for GET only, and of nothing there are no parts.
  if (method !== 'GET' || length === 0 || !rangeApplies(headers, validators)) return whole;
  const span = requestedSpan(headers.range, length);
  if (span === undefined) return whole;
  return span === 'unsatisfiable' ? { status: 416 } : { status: 206, span };
};
