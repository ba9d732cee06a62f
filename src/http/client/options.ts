import { orThrow } from '../../effects/effect.js';
import type { DistributionSession } from '../../effects/session.js';
import { contentOptions, type ContentTagInput } from '../../effects/validate/content.js';
import { object } from '../../effects/validate/object.js';
import { optional, type Rule, withDefault } from '../../effects/validate/rule.js';
import { callable, integer, text } from '../../effects/validate/scalars.js';
import { validate } from '../../effects/validate/validate.js';
import type { Fetch } from './origin.js';
import { type ContentPlace, DEFAULT_PLACES, places } from './places.js';

/** Where to look for content, and how long; only the session has no default. */
export interface PlacesOptions {
  /** The session in which content is read; it has to stay open until the end. */
  readonly session: DistributionSession;
  /**
   * Places in the order in which they are asked for each block: `cache`, `peers` (with the hosted cache) and `origin` by
   * default. It begins with the cache, which a service looks into first, whatever it is asked; or it is the origin alone.
   * The others come in any order, and what is not named is not asked. Where `hosted-cache` is named, too, its place
   * counts and not the engine's order; a driver that cannot be told, as that of Windows, is `Unsupported` then.
   */
  readonly places?: readonly ContentPlace[] | undefined;
  /** Peers to ask besides those the service discovers, as `host:port`; a driver that cannot be told is `Unsupported` then. */
  readonly peers?: readonly string[] | undefined;
  /** Names the application's class of content in the cache: 16 bytes or up to 16 ASCII characters. */
  readonly tag?: ContentTagInput | undefined;
  /** Milliseconds to wait for peers with a block before the next place is asked; 800 by default. */
  readonly patienceMs?: number | undefined;
  /** Milliseconds without a byte from the origin after which a connection counts as broken; 30 000 by default. */
  readonly stallMs?: number | undefined;
}

/** What to ask for, where to look for it and where to put it. */
export interface GetOptions extends PlacesOptions {
  /** Headers for the origin, such as `authorization`. Those of ranges and encodings are set over them. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Where to write it. What is interrupted is kept beside it as `….part`, and gone on with the next time. */
  readonly to?: string | undefined;
  /** What requests to the origin go through; the global `fetch` by default. */
  readonly fetch?: Fetch | undefined;
}

const LONGEST_MS = 24 * 60 * 60 * 1000;

const OPTIONS = object({
  places: withDefault(places, DEFAULT_PLACES),
  patienceMs: withDefault(integer(1, LONGEST_MS, 'milliseconds'), 800),
  stallMs: withDefault(integer(1, LONGEST_MS, 'milliseconds'), 30_000),
  to: optional(text(1)),
  fetch: optional(callable),
});

type CheckedOptions = typeof OPTIONS extends Rule<infer Options> ? Options : never;

/** Checks what the service would otherwise complain of only once there is content information. */
export const checkedOptions = (
  options: PlacesOptions & Pick<GetOptions, 'to' | 'fetch'>,
  operation: string,
): CheckedOptions => {
  const checked = orThrow(validate(OPTIONS, options, operation));
  const { tag, peers } = options;
  orThrow(validate(contentOptions, { tag, peers }, operation));
  return checked;
};
