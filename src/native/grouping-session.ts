import {
  HRESULT_CODES,
  hresultFromWin32,
  type GroupHandle,
  type GroupingDriver,
  type PeerAddress,
} from '../driver/index.js';
import * as check from './check.js';
import { toPeerAddress } from './address.js';
import type { ArgumentsOf, FunctionName } from './bindings.js';
import { Aborted, NativeFailure, Refusal } from './failure.js';
import { NULL, u64In, type Frame } from './frame.js';
import { closeGroup, shutDown } from './grouping-teardown.js';
import { writeCreation } from './grouping-properties.js';
import { PEER_ADDRESS, PEER_VERSION_DATA } from './layouts.js';
import { abortable, signalOf, type MakeMember } from './members.js';
import { identityOrDefault, onThread, room } from './p2p.js';
import type { Runtime } from './runtime.js';
import type { PeerState } from './state.js';

const PEER_GROUP_VERSION = 0x0101;

type Members =
  | 'startup'
  | 'shutdown'
  | 'create'
  | 'open'
  | 'join'
  | 'joinWithPassword'
  | 'close'
  | 'delete'
  | 'connect'
  | 'connectByAddress'
  | 'resumePasswordAuthentication';

type Opener = Extract<
  FunctionName,
  'PeerGroupCreate' | 'PeerGroupOpen' | 'PeerGroupJoin' | 'PeerGroupPasswordJoin'
>;

/** Pages list bare Win32 codes among the errors; as an HRESULT one would be a success, but it leaves no handle. */
const withoutHandle = (answer: number): number =>
  answer > 0 && answer <= 0xffff ? hresultFromWin32(answer) : HRESULT_CODES.E_UNEXPECTED;

/** Starting up, obtaining a group's handle, bringing it online and closing it. */
export const sessionMembers = (member: MakeMember, state: PeerState): Pick<GroupingDriver, Members> => {
  /** Runs one of the slow functions that answer a group handle; one that comes too late is closed again. */
  const opening = <Name extends Opener>(
    runtime: Runtime,
    signal: AbortSignal | undefined,
    name: Name,
    write: (frame: Frame, out: bigint) => ArgumentsOf<Name>,
  ): Promise<GroupHandle> => {
    const open = (): Promise<GroupHandle> =>
      onThread(runtime.native, state, undefined, async (frame) => {
        const group = room(frame);
        const answer = await runtime.native.slowHresult(frame, name, ...write(frame, group.address));
        if (u64In(group) === NULL) throw new NativeFailure(withoutHandle(answer), name);
        const handle = state.groups.add(u64In(group), undefined);
        if (!state.disposed && signal?.aborted !== true) return handle;
        await closeGroup(runtime, state, handle);
        throw new Aborted();
      });
    return abortable(signal, open, (late) => void closeGroup(runtime, state, late).catch(() => undefined));
  };

  return {
    startup: member('startup', ({ native }) =>
      native.frame((frame) => {
        const version = frame.struct(PEER_VERSION_DATA, {});
        native.hresult('PeerGroupStartup', PEER_GROUP_VERSION, version.address);
        state.startups++;
        return { version: version.view.getUint16(0, true), highestVersion: version.view.getUint16(2, true) };
      }),
    ),

    shutdown: member('shutdown', (runtime) => {
      if (state.startups === 0) throw new Refusal('E_UNEXPECTED', 'startup was not called as often');
      state.startups--;
      return shutDown(runtime, state, state.startups === 0);
    }),

    create: member('create', (runtime, creation, call) =>
      opening(runtime, signalOf(call), 'PeerGroupCreate', (frame, out) => [
        writeCreation(frame, creation),
        out,
      ]),
    ),

    open: member('open', (runtime, identity, groupPeerName, cloud, call) =>
      opening(runtime, signalOf(call), 'PeerGroupOpen', (frame, out) => [
        frame.text(identityOrDefault(runtime.native, identity), 'identity'),
        frame.text(check.text(groupPeerName, 'groupPeerName'), 'groupPeerName'),
        frame.text(cloud, 'cloud'),
        out,
      ]),
    ),

    join: member('join', (runtime, identity, invitation, cloud, call) =>
      opening(runtime, signalOf(call), 'PeerGroupJoin', (frame, out) => [
        frame.text(identityOrDefault(runtime.native, identity), 'identity'),
        frame.text(check.text(invitation, 'invitation'), 'invitation'),
        frame.text(cloud, 'cloud'),
        out,
      ]),
    ),

    joinWithPassword: member('joinWithPassword', (runtime, identity, invitation, password, cloud, call) =>
      opening(runtime, signalOf(call), 'PeerGroupPasswordJoin', (frame, out) => [
        frame.text(identityOrDefault(runtime.native, identity), 'identity'),
        frame.text(check.text(invitation, 'invitation'), 'invitation'),
        frame.secret(password, 'password'),
        frame.text(cloud, 'cloud'),
        out,
      ]),
    ),

    close: member('close', (runtime, group) => closeGroup(runtime, state, group)),

    delete: member('delete', ({ native }, identity, groupPeerName) => {
      native.frame((frame) =>
        native.hresult(
          'PeerGroupDelete',
          frame.text(identityOrDefault(native, identity), 'identity'),
          frame.text(check.text(groupPeerName, 'groupPeerName'), 'groupPeerName'),
        ),
      );
    }),

    connect: member('connect', async (runtime, group, call) => {
      state.groups.get(group);
      const connect = (): Promise<void> =>
        onThread(runtime.native, state, group, async (frame) => {
          await runtime.native.slowHresult(frame, 'PeerGroupConnect', group);
        });
      await abortable(signalOf(call), connect, () => undefined);
    }),

    connectByAddress: member('connectByAddress', async (runtime, group, addresses, call) => {
      state.groups.get(group);
      const endpoints = check.list(addresses, 'addresses') as readonly PeerAddress[];
      if (endpoints.length === 0) throw new check.BadValue('addresses', 'at least one address');
      const connect = (): Promise<void> =>
        onThread(runtime.native, state, group, async (frame) => {
          const array = frame.array(PEER_ADDRESS, endpoints.map(toPeerAddress));
          await runtime.native.slowHresult(
            frame,
            'PeerGroupConnectByAddress',
            group,
            endpoints.length,
            array,
          );
        });
      await abortable(signalOf(call), connect, () => undefined);
    }),

    resumePasswordAuthentication: member('resumePasswordAuthentication', ({ native }, group, events) => {
      state.groups.get(group);
      state.registrations.get(events);
      native.hresult('PeerGroupResumePasswordAuthentication', group, events);
    }),
  };
};
