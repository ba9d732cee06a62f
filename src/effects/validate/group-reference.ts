import type { SecretText } from '../../driver/index.js';
import { cloud, peerName } from './names.js';
import { object } from './object.js';
import { opaqueXml } from './invitation.js';
import { optional, type Rule } from './rule.js';
import { secret, type SecretInput } from './secret-input.js';

/** A group that an identity has created or joined before. */
export interface GroupReference {
  /** The default identity if left out. */
  readonly identity?: string | undefined;
  readonly groupPeerName: string;
  /** Taken from the stored properties if left out. */
  readonly cloud?: string | undefined;
}

/** An invitation that was issued for an identity. */
export interface Invitation {
  /** Whom it was issued for; the default identity if left out. */
  readonly identity?: string | undefined;
  /** The XML as it was handed over. */
  readonly invitation: string;
  /** Only where the cloud of the invitation is ambiguous on this machine. */
  readonly cloud?: string | undefined;
}

/** An invitation for whoever knows the password of the group. */
export interface PasswordInvitation extends Invitation {
  readonly password: SecretInput;
}

interface CheckedReference {
  readonly identity: string | undefined;
  readonly groupPeerName: string;
  readonly cloud: string | undefined;
}

interface CheckedInvitation {
  readonly identity: string | undefined;
  readonly invitation: string;
  readonly cloud: string | undefined;
}

const WHO_AND_WHERE = { identity: optional(peerName), cloud: optional(cloud) };

export const groupReference: Rule<CheckedReference> = object({ ...WHO_AND_WHERE, groupPeerName: peerName });

export const invitation: Rule<CheckedInvitation> = object({ ...WHO_AND_WHERE, invitation: opaqueXml });

export const passwordInvitation: Rule<CheckedInvitation & { readonly password: SecretText }> = object({
  ...WHO_AND_WHERE,
  invitation: opaqueXml,
  password: secret,
});
