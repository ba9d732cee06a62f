import { orThrow } from '../effects/effect.js';
import { count } from '../effects/validate/count.js';
import { object } from '../effects/validate/object.js';
import { optional } from '../effects/validate/rule.js';
import { oneOf } from '../effects/validate/scalars.js';
import { validate } from '../effects/validate/validate.js';
import type { Overflow } from './overflow-buffer.js';

/** How much is held for somebody slower. */
export interface QueueBounds {
  readonly capacity?: number | undefined;
  readonly overflow?: Overflow | undefined;
  readonly batch?: number | undefined;
}

const bounds = object({
  capacity: optional(count),
  overflow: optional(oneOf<Overflow>(['drop-oldest', 'drop-newest'])),
  batch: optional(count),
});

/** A queue that holds nothing would lose everything, one that hands nothing on would never end. @throws PeerError BadArgument */
export const checkedBounds = ({ capacity, overflow, batch }: QueueBounds, operation: string): QueueBounds =>
  orThrow(validate(bounds, { capacity, overflow, batch }, operation));
