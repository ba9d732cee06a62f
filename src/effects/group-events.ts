import type { GroupEvent, GroupEventsHandle } from '../driver/index.js';
import { attempt, checked, type PeerEffect } from './effect.js';
import { coreOf, Handle } from './handle.js';
import { HandleCore } from './handle-core.js';
import { onHandle } from './on-handle.js';
import { groupCore, type PeerGroup } from './group.js';
import { type EventRegistrationInput, eventRegistrations } from './validate/events.js';
import { count } from './validate/count.js';

const KIND = 'group events';

/** A registration for events of one group. */
export class GroupEventRegistration extends Handle<GroupEventsHandle> {}

/**
 * Registers for events of a group. Register before connecting, or the first ones are missed.
 *
 * `onSignal` is called whenever events may be waiting; take them with {@link takeGroupEvents} until it answers none.
 * For a stream use `groupEvents`. Source: PeerGroupRegisterEvent, PeerGroupUnregisterEvent.
 */
export const registerGroupEvents = (
  group: PeerGroup,
  registrations: readonly EventRegistrationInput[],
  onSignal: () => void,
): PeerEffect<GroupEventRegistration> =>
  checked(
    'registerGroupEvents',
    eventRegistrations,
    registrations,
    (valid) => () =>
      attempt('registerGroupEvents', async () => {
        const parent = groupCore(group, 'registerGroupEvents');
        const raw = parent.assertOpen('registerGroupEvents');
        const { grouping } = parent.env.driver;
        const core = await HandleCore.open<GroupEventsHandle>({
          kind: KIND,
          env: parent.env,
          parent,
          open: () => grouping.registerEvents(raw, valid, onSignal),
          close: (events) => grouping.unregisterEvents(events),
        });
        return new GroupEventRegistration(core);
      }),
  );

/** The events waiting, `max` at most; none means there are none right now. Source: PeerGroupGetEventData. */
export const takeGroupEvents = (
  registration: GroupEventRegistration,
  max: number,
): PeerEffect<readonly GroupEvent[]> =>
  checked('takeGroupEvents', count, max, (most) =>
    onHandle(registration, KIND, 'takeGroupEvents', (raw, _signal, core) =>
      core.env.driver.grouping.getEvents(raw, most),
    ),
  );

/**
 * Goes on with a password authentication that failed. Windows exports this but does not document it.
 *
 * Source: PeerGroupResumePasswordAuthentication (p2p.h).
 */
export const resumePasswordAuthentication =
  (group: PeerGroup, registration: GroupEventRegistration): PeerEffect<void> =>
  () =>
    attempt(RESUME, async () => {
      const events = coreOf(registration, KIND, RESUME).assertOpen(RESUME);
      const core = groupCore(group, RESUME);
      return core.use(RESUME, (raw) => core.env.driver.grouping.resumePasswordAuthentication(raw, events));
    });

const RESUME = 'resumePasswordAuthentication';
