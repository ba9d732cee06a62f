import type { EventRegistration, GroupEvent, GroupingDriver } from '../driver/index.js';
import * as check from './check.js';
import { NULL, u64In, type Frame } from './frame.js';
import { EVENT_KINDS, EVENT_TYPES, readEvent } from './group-event.js';
import { unregister } from './grouping-teardown.js';
import { PEER_GROUP_EVENT_REGISTRATION } from './layouts.js';
import type { MakeMember } from './members.js';
import { room } from './p2p.js';
import type { PeerState } from './state.js';

const PEER_S_NO_EVENT_DATA = 0x0063_0002;

const writeRegistrations = (frame: Frame, registrations: readonly unknown[]): bigint =>
  frame.array(
    PEER_GROUP_EVENT_REGISTRATION,
    registrations.map((registration) => {
      const { kind, type } = check.object(registration, 'registration') as EventRegistration;
      const filterable = kind === 'RecordChanged' || kind === 'IncomingData';
      if (type !== undefined && !filterable) {
        throw new check.BadValue('type', 'absent, except for RecordChanged and IncomingData');
      }
      return {
        eventType: EVENT_TYPES[check.oneOf(kind, 'kind', EVENT_KINDS)],
        pType: type === undefined ? NULL : frame.guid(type, 'type'),
      };
    }),
  );

/** Events: all registrations of the process share one Win32 event, so each looks for its own when it is signalled. */
export const eventMembers = (
  member: MakeMember,
  state: PeerState,
): Pick<GroupingDriver, 'registerEvents' | 'getEvents' | 'unregisterEvents'> => ({
  registerEvents: member('registerEvents', async ({ native, groupEvent }, group, registrations, onSignal) => {
    state.groups.get(group);
    check.callback(onSignal, 'onSignal');
    const wanted = check.list(registrations, 'registrations');
    if (wanted.length === 0) throw new check.BadValue('registrations', 'at least one');

    const listening = groupEvent.listen(onSignal);
    try {
      return native.frame((frame) => {
        const events = room(frame);
        const array = writeRegistrations(frame, wanted);
        native.hresult(
          'PeerGroupRegisterEvent',
          group,
          listening.event,
          wanted.length,
          array,
          events.address,
        );
        return state.registrations.add(u64In(events), { group, listening });
      });
    } catch (error) {
      await listening.leave();
      throw error;
    }
  }),

  getEvents: member('getEvents', ({ native }, events, max) => {
    state.registrations.get(events);
    const most = check.u32(max, 'max');
    return native.frame((frame) => {
      const data = room(frame);
      const found: GroupEvent[] = [];
      while (found.length < most) {
        try {
          if (native.hresult('PeerGroupGetEventData', events, data.address) === PEER_S_NO_EVENT_DATA) break;
          const event = native.take(u64In(data), (address) => readEvent(native.memory, address));
          if (event !== undefined) found.push(event);
        } catch (error) {
          // What was taken before would be lost with it; the next call meets the error again, if it stays.
          if (found.length === 0) throw error;
          break;
        }
      }
      return found;
    });
  }),

  unregisterEvents: member('unregisterEvents', (runtime, events) => unregister(runtime, state, events)),
});
