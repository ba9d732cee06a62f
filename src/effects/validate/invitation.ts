import type { CredentialInfo, CredentialsRequest, InvitationRequest } from '../../driver/index.js';
import { role, type RoleInput } from './guid.js';
import { friendlyName, peerName } from './names.js';
import { list, object } from './object.js';
import { inside, optional, problem, withDefault, type Rule } from './rule.js';
import { boolean, bytes, text } from './scalars.js';
import { futureTime, ticksOf, time, type TimeInput } from './time.js';

/** XML from a driver (identity, invitation, export): opaque, to be passed on unchanged. */
export const opaqueXml: Rule<string> = text(1);

const roles = list(role, 1);

/** Whom to invite, as what, until when. */
export interface InvitationInput {
  /** The text that the invitee's `getIdentityXml` gave, unedited. */
  readonly identityXml: string;
  /** As long as the issuer's own membership by default. */
  readonly expiration?: TimeInput | undefined;
  readonly roles: readonly RoleInput[];
}

export const invitationRequest = (now: number): Rule<InvitationRequest> =>
  object({ identityXml: opaqueXml, expiration: optional(futureTime(now)), roles });

/** What a credential says of its subject; issuer names are filled in by the system. */
export interface CredentialInput {
  readonly friendlyName?: string | undefined;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly issuerPeerName?: string | undefined;
  readonly issuerFriendlyName?: string | undefined;
  readonly validFrom?: TimeInput | undefined;
  readonly validTo?: TimeInput | undefined;
  readonly roles: readonly RoleInput[];
}

/** For whom to issue credentials and whether to publish them in the group. */
export interface CredentialsInput {
  readonly subjectIdentity: string;
  /** Without it, what the group knows of the member is renewed. */
  readonly credential?: CredentialInput | undefined;
  /** `false` by default: the credentials come back as an invitation. */
  readonly store?: boolean | undefined;
}

const credential = (now: number): Rule<CredentialInfo> =>
  object(
    {
      friendlyName: optional(friendlyName),
      publicKey: bytes(1),
      issuerPeerName: optional(peerName),
      issuerFriendlyName: optional(friendlyName),
      validFrom: optional(time),
      validTo: optional(futureTime(now)),
      roles,
    },
    ({ validFrom, validTo }, at) => {
      const [from, to] = [ticksOf(validFrom), ticksOf(validTo)];
      return from !== undefined && to !== undefined && from >= to
        ? [problem(inside(at, 'validTo'), 'conflict', 'must be later than validFrom')]
        : [];
    },
  );

export const credentialsRequest = (now: number): Rule<CredentialsRequest> =>
  object({
    subjectIdentity: peerName,
    credential: optional(credential(now)),
    store: withDefault(boolean, false),
  });
