import type {
  Driver,
  GroupCreation,
  GroupEvent,
  GroupEventKind,
  GroupHandle,
} from '../../src/driver/index.js';
import { parseGuid, type Guid } from '../../src/driver/index.js';
import { eventually } from './eventually.js';
import { groupNames } from './listings.js';

export const guid = (text: string): Guid => {
  const parsed = parseGuid(text);
  if (parsed === undefined) throw new TypeError(`${text} is no GUID`);
  return parsed;
};

/** The role GUIDs of p2p.h. */
export const ROLES = {
  admin: guid('04387127-aa56-450a-8ce5-4f565c6790f4'),
  invitingMember: guid('4370fd89-dc18-4cfb-8dbf-9853a8a9f905'),
  member: guid('f12dc4c7-0857-4ca0-93fc-b1bb19a3d8c2'),
} as const;

export interface OwnGroup {
  readonly group: GroupHandle;
  readonly identity: string;
  readonly groupPeerName: string;
}

/** A started grouping family with a new identity and a group of its own, not connected. */
export const ownGroup = async (
  driver: Driver,
  creation: Omit<GroupCreation, 'creatorPeerName'> = {},
): Promise<OwnGroup> => {
  await driver.grouping.startup();
  const identity = await driver.identity.create({});
  const group = await driver.grouping.create({ ...creation, creatorPeerName: identity });
  const [groupPeerName = ''] = await groupNames(driver, identity);
  return { group, identity, groupPeerName };
};

export const leave = async ({ grouping }: Driver, group: GroupHandle): Promise<void> => {
  await grouping.close(group);
  await grouping.shutdown();
};

/** A registration for events of a group. */
export interface Listener {
  /** Waits for an event of that kind; others that came before it are kept for later. */
  next<Kind extends GroupEventKind>(kind: Kind): Promise<EventOf<Kind>>;
  stop(): Promise<void>;
}

type EventOf<Kind extends GroupEventKind> = Extract<GroupEvent, { readonly _tag: Kind }>;

export const listen = async (
  { grouping }: Driver,
  group: GroupHandle,
  ...kinds: readonly GroupEventKind[]
): Promise<Listener> => {
  const waiting: GroupEvent[] = [];
  const events = await grouping.registerEvents(
    group,
    kinds.map((kind) => ({ kind })),
    () => undefined,
  );
  return {
    next: <Kind extends GroupEventKind>(kind: Kind) =>
      eventually(async () => {
        waiting.push(...(await grouping.getEvents(events, 16)));
        const index = waiting.findIndex(({ _tag }) => _tag === kind);
        return index < 0 ? undefined : (waiting.splice(index, 1)[0] as EventOf<Kind>);
      }),
    stop: () => grouping.unregisterEvents(events),
  };
};

/** A member of the owner's group on another driver, started, joined and not connected. */
export const joinedMember = async (
  owner: Driver,
  group: GroupHandle,
  joiner: Driver,
  roles: readonly Guid[] = [ROLES.member],
): Promise<Omit<OwnGroup, 'groupPeerName'>> => {
  await joiner.grouping.startup();
  const identity = await joiner.identity.create({});
  const identityXml = await joiner.identity.getXml(identity);
  const invitation = await owner.grouping.createInvitation(group, { identityXml, roles });
  return { group: await joiner.grouping.join(identity, invitation, undefined), identity };
};

/** Connects the owner and then the member, and waits until each has a connection. */
export const connectBoth = async (
  owner: Driver,
  group: GroupHandle,
  joiner: Driver,
  joined: GroupHandle,
): Promise<void> => {
  const isConnected = ({ grouping }: Driver, handle: GroupHandle) =>
    eventually(async () => ((await grouping.getStatus(handle)).hasConnections ? true : undefined));
  await owner.grouping.connect(group);
  await eventually(async () => ((await owner.grouping.getStatus(group)).listening ? true : undefined));
  await joiner.grouping.connect(joined);
  await isConnected(owner, group);
  await isConnected(joiner, joined);
};
