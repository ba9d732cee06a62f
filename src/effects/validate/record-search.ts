import * as E from 'fp-ts/lib/Either.js';
import type { Problem } from '../error/index.js';
import {
  attributeName,
  attributeValue,
  readValue,
  type AttributeValue,
  type WrittenValue,
} from './attribute-value.js';
import { list, object } from './object.js';
import { bad, expected, inside, problem, type At, type Rule } from './rule.js';
import { oneOf } from './scalars.js';
import { escapeXml, MAX_DEPTH, parseXml, type XmlElement } from './xml.js';

const COMPARISONS = ['equal', 'notequal', 'less', 'greater', 'lessorequal', 'greaterorequal'] as const;

/** How an attribute is compared with a value. */
export type Comparison = (typeof COMPARISONS)[number];

/** A condition on the attributes of a record. */
export type SearchCriterion =
  | {
      readonly _tag: 'Clause';
      readonly attribute: string;
      readonly compare: Comparison;
      readonly value: AttributeValue;
    }
  | { readonly _tag: 'And' | 'Or'; readonly criteria: readonly SearchCriterion[] };

/** A search as a criterion, or as the `peersearch` XML that Windows knows. */
export type RecordSearchInput = string | SearchCriterion;

/**
 * An attribute compared with a value. In a text `*` stands for any characters and `?` for one; see {@link literal} for
 * texts from elsewhere. See {@link and} for an example.
 *
 * Source: Record Search Query Format.
 */
export const clause = (attribute: string, compare: Comparison, value: AttributeValue): SearchCriterion => ({
  _tag: 'Clause',
  attribute,
  compare,
  value,
});

/**
 * All of the criteria hold. Source: Record Search Query Format.
 *
 * @example
 * ```ts
 * import { and, clause, literal, or } from 'peerweave/effects';
 *
 * const played = or(clause('state', 'equal', 'won'), clause('state', 'equal', 'lost'));
 * const titled = clause('title', 'equal', literal('What now?'));
 * console.log(and(played, titled, clause('moves', 'less', 40))); // for recordsMatching(group, …)
 * ```
 */
export const and = (...criteria: readonly SearchCriterion[]): SearchCriterion => ({ _tag: 'And', criteria });

/** One of the criteria holds, or more. See {@link and} for an example. Source: Record Search Query Format. */
export const or = (...criteria: readonly SearchCriterion[]): SearchCriterion => ({ _tag: 'Or', criteria });

/** A text of which every character stands for itself in a {@link clause}. See {@link and} for an example. */
export const literal = (text: string): string => text.replace(/[\\*?]/g, '\\$&');

/** The XML of a search. */
export const recordSearch: Rule<string> = (value, at) =>
  typeof value === 'string'
    ? readXml(value, at)
    : E.map((xml: string) => `<peersearch>${xml}</peersearch>`)(criterion(MAX_DEPTH - 1)(value, at));

const criterion =
  (depth: number): Rule<string> =>
  (value, at) => {
    if (depth === 0) return bad(at, 'length', `must be nested ${MAX_DEPTH} levels deep at most`);
    const tag = typeof value === 'object' && value !== null && '_tag' in value ? value._tag : undefined;
    if (tag === 'Clause') return E.map(writeClause)(CLAUSE(value, at));
    if (tag !== 'And' && tag !== 'Or') return expected('made by clause, and or or', value, at);
    const element = tag.toLowerCase();
    return E.map(
      ({ criteria }: { readonly criteria: readonly string[] }) =>
        `<${element}>${criteria.join('')}</${element}>`,
    )(object({ criteria: list(criterion(depth - 1), 1) })(value, at));
  };

/** A backslash escapes `*`, `?` and itself; before anything else Windows refuses it. */
const hasSoundEscapes = (pattern: string): boolean => !pattern.replace(/\\[\\*?]/g, '').includes('\\');

const NEEDS_ESCAPES = 'must have a backslash only before *, ? or another backslash';

const CLAUSE = object({
  attribute: attributeName,
  compare: oneOf(COMPARISONS),
  value: (value, at) =>
    typeof value === 'string' && !hasSoundEscapes(value)
      ? bad(at, 'format', NEEDS_ESCAPES)
      : attributeValue(value, at),
});

const writeClause = ({
  attribute,
  compare,
  value,
}: {
  readonly attribute: string;
  readonly compare: Comparison;
  readonly value: WrittenValue;
}): string =>
  `<clause attrib="${attribute}" type="${value.type}" compare="${compare}">${escapeXml(value.text)}</clause>`;

const readXml = (source: string, at: At): E.Either<readonly Problem[], string> => {
  const root = parseXml(source);
  if (E.isLeft(root)) return bad(at, 'format', root.left);
  const { name, children, text } = root.right;
  const [only] = children;
  if (name !== 'peersearch' || only === undefined || children.length > 1 || text.trim() !== '') {
    return bad(
      at,
      'format',
      'must be a <peersearch> element with exactly one <clause>, <and> or <or> inside',
    );
  }
  const problems = problemsOf(only, inside(at, only.name));
  return problems.length > 0 ? E.left(problems) : E.right(source);
};

const problemsOf = (element: XmlElement, at: At): readonly Problem[] => {
  if (element.name === 'clause') return problemsOfClause(element, at);
  if ((element.name !== 'and' && element.name !== 'or') || element.text.trim() !== '') {
    return [problem(at, 'format', 'must be a <clause>, <and> or <or> element')];
  }
  if (element.children.length === 0) {
    return [problem(at, 'length', 'must have at least 1 criterion inside')];
  }
  return element.children.flatMap((child, index) => problemsOf(child, inside(inside(at, index), child.name)));
};

const problemsOfClause = ({ attributes, children, text }: XmlElement, at: At): readonly Problem[] => {
  const name = attributeName(attributes.get('attrib'), inside(at, 'attrib'));
  const compare = oneOf(COMPARISONS)(attributes.get('compare') ?? 'equal', inside(at, 'compare'));
  const type = attributes.get('type') ?? '';
  return [
    ...(E.isLeft(name) ? name.left : []),
    ...(E.isLeft(compare) ? compare.left : []),
    ...(children.length > 0 || readValue(type, text) === undefined
      ? [problem(at, 'format', 'must be a string, int or date as its type says')]
      : []),
    ...(type === 'string' && !hasSoundEscapes(text) ? [problem(at, 'format', NEEDS_ESCAPES)] : []),
  ];
};
