import { listOf } from '../../protocol/header-list.js';
import { EXTENDED_PARAMETERS_HEADER, PARAMETERS_HEADER, PEERDIST } from '../../protocol/peerdist-headers.js';
import type { DispatchRequest } from './dispatch-types.js';

/** Headers of a request as one object; `undefined` for a form that nobody knows. */
export const headersIn = (headers: unknown): Headers | undefined => {
  try {
    const all = new Headers();
    for (const [name, value] of pairsOf(headers)) {
      for (const one of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
        if (one !== undefined && one !== null) all.append(textOf(name), textOf(one));
      }
    }
    return all;
  } catch {
    return undefined;
  }
};

/**
 * Whether content information may be asked for in the place of what a request is for: of a whole resource, by a program
 * that does not speak of such things itself and lets the answer be kept.
 */
export const mayAsk = ({ method, body, upgrade, origin }: DispatchRequest, headers: Headers): boolean =>
  method === 'GET' &&
  (body === undefined || body === null) &&
  (upgrade === undefined || upgrade === null || upgrade === false) &&
  /^https?:/i.test(String(origin)) &&
  NOT_WITH.every((name) => !headers.has(name)) &&
  !isNoStore(headers) &&
  listOf(headers.get('accept-encoding') ?? undefined).every((coding) => !REFUSING.test(coding));

/** Whether nobody may keep it (RFC 9111, 5.2). */
export const isNoStore = (headers: Headers): boolean =>
  listOf(headers.get('cache-control') ?? undefined).some((directive) => /^no-store$/i.test(directive));

const NOT_WITH = ['range', 'if-range', PARAMETERS_HEADER, EXTENDED_PARAMETERS_HEADER];

/** The program speaks of the coding itself, or does not take the content as it is. */
const REFUSING = new RegExp(`^(?:${PEERDIST}\\b|(?:identity|\\*)\\s*;\\s*q=0(?:\\.0*)?$)`, 'i');

const textOf = (value: unknown): string =>
  Buffer.isBuffer(value) ? value.toString('latin1') : String(value);

const pairsOf = (headers: unknown): readonly (readonly [unknown, unknown])[] => {
  if (headers === undefined || headers === null) return [];
  if (typeof headers !== 'object') throw new TypeError('headers that are none');
  if (!(Symbol.iterator in headers)) return Object.entries(headers);
  const items = [...(headers as Iterable<unknown>)];
  if (items.every((item) => Array.isArray(item))) return items.map((item) => [item[0], item[1]]);
  return items.flatMap((name, index) => (index % 2 === 0 ? [[name, items[index + 1]] as const] : []));
};
