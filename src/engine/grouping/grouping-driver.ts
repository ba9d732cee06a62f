import {
  isFileTime,
  unsupportedGrouping,
  type FileTime,
  type GroupConnection,
  type GroupHandle,
  type GroupingDriver,
} from '../../driver/index.js';
import type { GroupingContext } from './context.js';
import { exportConfig, importConfig } from './group-config.js';
import {
  createGroup,
  deleteGroup,
  getProperties,
  joinGroup,
  joinGroupWithPassword,
  openGroup,
  setProperties,
} from './group-lifecycle.js';
import {
  createInvitation,
  createPasswordInvitation,
  issueCredentials,
  parseInvitation,
} from './invitations.js';
import { enumerateMembers } from './members.js';
import { requireReady } from './memberships.js';
import { perform, Refusal } from './refusal.js';

/** The version of the Windows API whose behaviour this is: 1.1. */
const API_VERSION = 0x0101;

const OFFLINE_ONLY = 'the embedded engine keeps groups on this machine only; it does not connect members yet';
const NO_DATABASE = 'the embedded engine has no record database yet';

/** A group that has never met another member goes by this machine's clock, from which peer time is seeded. */
const sameTime = async (
  { openGroups }: GroupingContext,
  handle: GroupHandle,
  time: FileTime,
): Promise<FileTime> => {
  requireReady(await openGroups.read(handle));
  if (!isFileTime(time)) throw new Refusal('E_INVALIDARG', 'the time is no FILETIME');
  return time;
};

/** The grouping family of the contract, as far as it goes without a network. */
export const createGroupingDriver = (context: GroupingContext): GroupingDriver => {
  const { openGroups, events, enumerations } = context;
  const closeLate = (handle: GroupHandle): void => openGroups.forget(handle);

  /** A member that needs what the engine lacks; a dead handle is still the more important news. */
  const unsupported = (operation: string, handle: GroupHandle, reason: string): Promise<never> =>
    perform(operation, async () => {
      await openGroups.read(handle);
      throw unsupportedGrouping(operation, reason);
    });

  return {
    canConnect: false,

    startup: () =>
      perform('grouping.startup', async () => {
        await context.data.prepare();
        await context.data.sweep(context.clock);
        openGroups.startup();
        return { version: API_VERSION, highestVersion: API_VERSION };
      }),
    shutdown: () => perform('grouping.shutdown', () => openGroups.shutdown()),

    create: (creation, call) =>
      perform('grouping.create', () => createGroup(context, creation, call), call, closeLate),
    open: (identity, name, cloud, call) =>
      perform('grouping.open', () => openGroup(context, identity, name, cloud), call, closeLate),
    join: (identity, invitation, cloud, call) =>
      perform('grouping.join', () => joinGroup(context, identity, invitation, cloud, call), call, closeLate),
    joinWithPassword: (identity, invitation, password, cloud, call) =>
      perform(
        'grouping.joinWithPassword',
        () => joinGroupWithPassword(context, identity, invitation, password, cloud, call),
        call,
        closeLate,
      ),
    close: (group) => perform('grouping.close', () => openGroups.close(group)),
    delete: (identity, name) => perform('grouping.delete', () => deleteGroup(context, identity, name)),

    connect: (group) => unsupported('grouping.connect', group, OFFLINE_ONLY),
    connectByAddress: (group) => unsupported('grouping.connectByAddress', group, OFFLINE_ONLY),
    resumePasswordAuthentication: (group) =>
      unsupported('grouping.resumePasswordAuthentication', group, OFFLINE_ONLY),

    getStatus: (group) =>
      perform('grouping.getStatus', async () => {
        await openGroups.read(group);
        return { listening: false, hasConnections: false };
      }),
    getProperties: (group) => perform('grouping.getProperties', () => getProperties(context, group)),
    setProperties: (group, properties) =>
      perform('grouping.setProperties', () => setProperties(context, group, properties)),

    createInvitation: (group, request) =>
      perform('grouping.createInvitation', () => createInvitation(context, group, request)),
    createPasswordInvitation: (group) =>
      perform('grouping.createPasswordInvitation', () => createPasswordInvitation(context, group)),
    parseInvitation: (invitation) =>
      perform('grouping.parseInvitation', () => {
        openGroups.requireStarted();
        return parseInvitation(invitation);
      }),
    issueCredentials: (group, request) =>
      request.store
        ? unsupported('grouping.issueCredentials', group, NO_DATABASE)
        : perform('grouping.issueCredentials', () => issueCredentials(context, group, request)),
    exportConfig: (group, password) =>
      perform('grouping.exportConfig', () => exportConfig(context, group, password)),
    importConfig: (xml, password, overwrite) =>
      perform('grouping.importConfig', () => importConfig(context, xml, password, overwrite)),

    enumerateMembers: (group, filter) =>
      perform('grouping.enumerateMembers', () => enumerateMembers(context, group, filter)),
    enumerateConnections: (group) =>
      perform('grouping.enumerateConnections', async () => {
        await openGroups.read(group);
        return enumerations.open<GroupConnection>([]);
      }),
    openDirectConnection: (group) => unsupported('grouping.openDirectConnection', group, OFFLINE_ONLY),
    closeDirectConnection: (group) => unsupported('grouping.closeDirectConnection', group, OFFLINE_ONLY),
    sendData: (group) => unsupported('grouping.sendData', group, OFFLINE_ONLY),

    addRecord: (group) => unsupported('grouping.addRecord', group, NO_DATABASE),
    updateRecord: (group) => unsupported('grouping.updateRecord', group, NO_DATABASE),
    deleteRecord: (group) => unsupported('grouping.deleteRecord', group, NO_DATABASE),
    getRecord: (group) => unsupported('grouping.getRecord', group, NO_DATABASE),
    enumerateRecords: (group) => unsupported('grouping.enumerateRecords', group, NO_DATABASE),
    searchRecords: (group) => unsupported('grouping.searchRecords', group, NO_DATABASE),
    exportDatabase: (group) => unsupported('grouping.exportDatabase', group, NO_DATABASE),
    importDatabase: (group) => unsupported('grouping.importDatabase', group, NO_DATABASE),
    peerToUniversalTime: (group, time) =>
      perform('grouping.peerToUniversalTime', () => sameTime(context, group, time)),
    universalToPeerTime: (group, time) =>
      perform('grouping.universalToPeerTime', () => sameTime(context, group, time)),

    registerEvents: (group, registrations, onSignal) =>
      perform('grouping.registerEvents', async () => {
        await openGroups.read(group);
        return events.register(group, registrations, onSignal);
      }),
    getEvents: (handle, max) => perform('grouping.getEvents', () => events.take(handle, max)),
    unregisterEvents: (handle) => perform('grouping.unregisterEvents', () => events.unregister(handle)),
  };
};
