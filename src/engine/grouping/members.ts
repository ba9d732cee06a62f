import type { EnumerationHandle, GroupHandle, GroupMember } from '../../driver/index.js';
import type { GroupingContext } from './context.js';
import { credentialOf } from './invitations.js';
import { ownMembership } from './memberships.js';

/**
 * PeerGroupEnumMembers. Offline, this node knows of one member, itself, and nobody is present. A password joiner has no
 * credential before it has connected.
 */
export const enumerateMembers = async (
  { openGroups, enumerations }: GroupingContext,
  handle: GroupHandle,
  filter: { readonly presentOnly: boolean; readonly identity?: string | undefined },
): Promise<EnumerationHandle<GroupMember>> => {
  const group = await openGroups.read(handle);
  const chain = await ownMembership(group);
  const wanted = !filter.presentOnly && (filter.identity ?? group.identity) === group.identity;
  if (!wanted) return enumerations.open<GroupMember>([]);
  return enumerations.open<GroupMember>([
    {
      present: false,
      identity: group.identity,
      attributes: undefined,
      nodeId: 0n,
      addresses: [],
      credential: chain === undefined ? undefined : credentialOf(chain),
    },
  ]);
};
