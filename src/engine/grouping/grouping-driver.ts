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
import { Refusal } from './refusal.js';

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
  const { calls, openGroups, events, enumerations } = context;
  const closeLate = (handle: GroupHandle): void => openGroups.forget(handle);

  /** A member that needs what the engine lacks; a dead handle is still the more important news. */
  const unsupported = (operation: string, handle: GroupHandle, reason: string): Promise<never> =>
    calls.perform(operation, async () => {
      await openGroups.read(handle);
      throw unsupportedGrouping(operation, reason);
    });

  return {
    canConnect: false,

    startup: () =>
      calls.perform('grouping.startup', async () => {
        context.data.prepare();
        await context.data.sweep(context.clock);
        openGroups.startup();
        return { version: API_VERSION, highestVersion: API_VERSION };
      }),
    shutdown: () => calls.perform('grouping.shutdown', () => openGroups.shutdown()),

    create: (creation, call) =>
      calls.perform('grouping.create', () => createGroup(context, creation, call), call, closeLate),
    open: (identity, name, cloud, call) =>
      calls.perform('grouping.open', () => openGroup(context, identity, name, cloud), call, closeLate),
    join: (identity, invitation, cloud, call) =>
      calls.perform(
        'grouping.join',
        () => joinGroup(context, identity, invitation, cloud, call),
        call,
        closeLate,
      ),
    joinWithPassword: (identity, invitation, password, cloud, call) =>
      calls.perform(
        'grouping.joinWithPassword',
        () => joinGroupWithPassword(context, identity, invitation, password, cloud, call),
        call,
        closeLate,
      ),
    close: (group) => calls.perform('grouping.close', () => openGroups.close(group)),
    delete: (identity, name) => calls.perform('grouping.delete', () => deleteGroup(context, identity, name)),
    whenDeleted: (group, onDeleted) => openGroups.whenDeleted(group, onDeleted),

    connect: (group) => unsupported('grouping.connect', group, OFFLINE_ONLY),
    connectByAddress: (group) => unsupported('grouping.connectByAddress', group, OFFLINE_ONLY),
    resumePasswordAuthentication: (group) =>
      unsupported('grouping.resumePasswordAuthentication', group, OFFLINE_ONLY),

    getStatus: (group) =>
      calls.perform('grouping.getStatus', async () => {
        await openGroups.read(group);
        return { listening: false, hasConnections: false };
      }),
    getProperties: (group) => calls.perform('grouping.getProperties', () => getProperties(context, group)),
    setProperties: (group, properties) =>
      calls.perform('grouping.setProperties', () => setProperties(context, group, properties)),

    createInvitation: (group, request) =>
      calls.perform('grouping.createInvitation', () => createInvitation(context, group, request)),
    createPasswordInvitation: (group) =>
      calls.perform('grouping.createPasswordInvitation', () => createPasswordInvitation(context, group)),
    parseInvitation: (invitation) =>
      calls.perform('grouping.parseInvitation', () => {
        openGroups.requireStarted();
        return parseInvitation(invitation);
      }),
    issueCredentials: (group, request) =>
      request.store
        ? unsupported('grouping.issueCredentials', group, NO_DATABASE)
        : calls.perform('grouping.issueCredentials', () => issueCredentials(context, group, request)),
    exportConfig: (group, password) =>
      calls.perform('grouping.exportConfig', () => exportConfig(context, group, password)),
    importConfig: (xml, password, overwrite) =>
      calls.perform('grouping.importConfig', () => importConfig(context, xml, password, overwrite)),

    enumerateMembers: (group, filter) =>
      calls.perform('grouping.enumerateMembers', () => enumerateMembers(context, group, filter)),
    enumerateConnections: (group) =>
      calls.perform('grouping.enumerateConnections', async () => {
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
      calls.perform('grouping.peerToUniversalTime', () => sameTime(context, group, time)),
    universalToPeerTime: (group, time) =>
      calls.perform('grouping.universalToPeerTime', () => sameTime(context, group, time)),

    registerEvents: (group, registrations, onSignal) =>
      calls.perform('grouping.registerEvents', async () => {
        await openGroups.read(group);
        return events.register(group, registrations, onSignal);
      }),
    getEvents: (handle, max) => calls.perform('grouping.getEvents', () => events.take(handle, max)),
    unregisterEvents: (handle) => calls.perform('grouping.unregisterEvents', () => events.unregister(handle)),
  };
};
