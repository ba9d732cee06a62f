import type { IdentityCreation } from '../../driver/index.js';
import { classifier, friendlyName, peerName } from './names.js';
import { object } from './object.js';
import { optional, problem, type Rule } from './rule.js';
import { bytes } from './scalars.js';

/** All of it may be left out: a new key pair, no classifier, the peer name as friendly name. */
export type IdentityInput = IdentityCreation;

export const identityCreation: Rule<IdentityCreation> = object({
  classifier: optional(classifier),
  friendlyName: optional(friendlyName),
  privateKey: optional(bytes(1)),
});

/** What PeerCreatePeerName joins: one of the two may be missing, not both. */
export const peerNameParts: Rule<{
  readonly identity: string | undefined;
  readonly classifier: string | undefined;
}> = object(
  { identity: optional(peerName), classifier: optional(classifier) },
  ({ identity, classifier: last }, at) =>
    identity === undefined && last === undefined
      ? [problem(at, 'required', 'needs an identity, a classifier or both')]
      : [],
);
