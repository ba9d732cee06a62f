import { parseGuid, type Guid, type InvitationInfo } from '../driver/index.js';
import { faultOf, type OperationName } from './operations.js';
import { sealOpen, unsealOpen } from './sealed-xml.js';
import { parseXml } from './xml.js';

const ROOT = 'PEERINVITATION';

/** What an invitation of this test double carries. Times are milliseconds since 1970. */
export interface Invitation {
  readonly groupPeerName: string;
  readonly groupFriendlyName?: string | undefined;
  readonly cloud: string;
  readonly authentication: InvitationInfo['authentication'];
  readonly issuerPeerName?: string | undefined;
  readonly issuerFriendlyName?: string | undefined;
  readonly subjectPeerName?: string | undefined;
  readonly subjectFriendlyName?: string | undefined;
  /** Base64. */
  readonly subjectPublicKey?: string | undefined;
  readonly validFrom?: number | undefined;
  readonly validTo?: number | undefined;
  readonly roles: readonly string[];
}

export const writeInvitation = (invitation: Invitation): string =>
  sealOpen(ROOT, invitation.groupPeerName, { ...invitation });

/** @throws E_INVALIDARG for what is no XML, PEER_E_INVITATION_NOT_TRUSTED for a changed or foreign one. */
export const readInvitation = (operation: OperationName, xml: string): Invitation => {
  if (parseXml(xml)?.name !== ROOT) throw faultOf(operation, 'E_INVALIDARG', 'this is no invitation');
  const content = unsealOpen(ROOT, xml);
  if (content === undefined) throw faultOf(operation, 'PEER_E_INVITATION_NOT_TRUSTED');
  return content as unknown as Invitation;
};

export const rolesOf = ({ roles }: Invitation): readonly Guid[] =>
  roles.map(parseGuid).filter((one) => one !== undefined);
