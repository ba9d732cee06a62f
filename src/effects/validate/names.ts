import * as E from 'fp-ts/lib/Either.js';
import { LIMITS } from '../../driver/index.js';
import { bad, type Rule } from './rule.js';
import { text } from './scalars.js';

/** The part of a peer name after the full stop: any characters but NUL. */
export const classifier: Rule<string> = text(1, LIMITS['identity.classifier.max']);

/** Empty means: the peer name serves. */
export const friendlyName: Rule<string> = text(0, LIMITS['identity.friendlyName.max']);

export const comment: Rule<string> = text(0, LIMITS['group.comment.max']);

/** A cloud such as `Global_`; the stored field holds 254 bytes with the NUL. */
export const cloud: Rule<string> = text(1, 126);

/**
 * `authority.classifier` as a driver gave it out. One reference page says 137 characters at most; the parts add up to
 * 190, which is what holds here.
 */
export const peerName: Rule<string> = (value, at) => {
  const checked = text(1, LIMITS['peerName.secure.max'])(value, at);
  return E.isRight(checked) && !PEER_NAME.test(checked.right)
    ? bad(at, 'format', 'must be a peer name: 40 lower-case hex digits or 0, a full stop, a classifier')
    : checked;
};

/** An identity without a classifier is its authority alone. */
const PEER_NAME = /^(?:0\..+|[0-9a-f]{40}(?:\..*)?)$/s;
