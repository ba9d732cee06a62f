import type { GroupingDriver } from '../driver/index.js';
import { eventMembers } from './grouping-events.js';
import { invitationMembers } from './grouping-invitations.js';
import { memberMembers } from './grouping-members.js';
import { propertyMembers } from './grouping-properties.js';
import { recordMembers } from './grouping-records.js';
import { sessionMembers } from './grouping-session.js';
import { membersOf, type LoadRuntime } from './members.js';
import type { PeerState } from './state.js';

/** The grouping family by P2P.dll. */
export const createGrouping = (load: LoadRuntime, state: PeerState): GroupingDriver => {
  const member = membersOf('grouping', 'hresult', load);
  return {
    // Whether PNRP or a cloud is there shows when connecting only; the outcome tells.
    canConnect: true,
    ...sessionMembers(member, state),
    ...propertyMembers(member, state),
    ...invitationMembers(member, state),
    ...memberMembers(member, state),
    ...recordMembers(member, state),
    ...eventMembers(member, state),
  };
};
