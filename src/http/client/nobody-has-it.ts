import type { ReadResult } from '../../driver/index.js';
import { isPeerError, PeerError } from '../../effects/error/index.js';
import { OPERATION } from './origin-failure.js';

export type Missing = Extract<ReadResult, { readonly _tag: 'Missing' }>;

/** Bytes that no place has, and what became of asking for them. */
export interface Unobtainable {
  readonly offset: number;
  readonly length: number;
  /** What the service said of its suppliers. */
  readonly lacking: readonly Missing[];
  /** Why the service could not be asked. */
  readonly gone?: PeerError | undefined;
}

/** Nobody has it, and the origin is not to be asked. */
export const nobodyHasIt = ({ offset, length, lacking }: Unobtainable): PeerError =>
  new PeerError({
    tag: 'NotFound',
    code: 'PEERDIST_ERROR_MISSING_DATA',
    operation: OPERATION,
    what: [nobodyHas(offset, length), ...detailsOf(lacking)].join('; '),
    advice: "Name 'origin' among the places.",
  });

/** Nobody has it, and the origin fails: it is by that failure that a program decides what to do. */
export const nobodyElseHasIt = (
  { offset, length, lacking, gone }: Unobtainable,
  failure: unknown,
): unknown => {
  if (!isPeerError(failure)) return failure;
  const { _tag: tag, code, advice } = failure;
  return new PeerError({
    tag,
    code,
    operation: OPERATION,
    what: [
      nobodyHas(offset, length),
      `the origin fails with ${code}`,
      ...(gone === undefined ? [] : [`the service fails with ${gone.code}`]),
      ...detailsOf(lacking),
    ].join('; '),
    advice,
    cause: failure,
  });
};

const nobodyHas = (offset: number, length: number): string =>
  `nobody who may be asked has the ${length} bytes from ${offset} on`;

const detailsOf = (lacking: readonly Missing[]): readonly string[] => [
  ...new Set(lacking.flatMap(({ attempts = [] }) => attempts.map(({ peer, detail }) => `${peer} ${detail}`))),
];
