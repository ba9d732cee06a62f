import type { GroupEvent, GroupEventsHandle } from '../driver/index.js';
import { attempt, checked, type PeerEffect } from './effect.js';
import { coreOf, Handle } from './handle.js';
import { HandleCore } from './handle-core.js';
import { onHandle } from './on-handle.js';
import { groupCore, type PeerGroup } from './group.js';
import { type EventRegistrationInput, eventRegistrations } from './validate/events.js';
import { count } from './validate/count.js';

const KIND = 'group events';

/** A registration for events of one group. It closes with the group. */
export class GroupEventRegistration extends Handle<GroupEventsHandle> {}

/**
 * Registers for events of a group. Register before connecting, or the first ones are missed.
 *
 * Use it to pull events; for a stream use `groupEvents`. `onSignal` is called whenever events may be waiting; take them
 * with {@link takeGroupEvents} until it answers none.
 *
 * Errors: `BadArgument` for a kind that does not exist or a type where there is none. Source: PeerGroupRegisterEvent,
 * PeerGroupUnregisterEvent.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * const creatorPeerName = await promise(effects.createIdentity());
 * await using group = await promise(effects.createGroup({ creatorPeerName }, { connect: 'manual' }));
 * await using events = await promise(
 *   effects.registerGroupEvents(group, ['StatusChanged'], () => console.log('look')),
 * );
 * await promise(effects.connectGroup(group));
 * console.log(await promise(effects.takeGroupEvents(events, 16))); // StatusChanged
 * ```
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
          operation: 'registerGroupEvents',
          env: parent.env,
          parent,
          open: () => grouping.registerEvents(raw, valid, onSignal),
          close: (events) => grouping.unregisterEvents(events),
        });
        return new GroupEventRegistration(core);
      }),
  );

/**
 * The events waiting, `max` at most, 1 or more, in order; none means there are none right now. See {@link
 * registerGroupEvents} for an example.
 *
 * Source: PeerGroupGetEventData.
 */
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
 * Goes on with a password authentication that failed, after the event `AuthenticationFailed` of {@link
 * registerGroupEvents}. Windows exports this but does not document it, so nothing is promised.
 *
 * Errors: `Unsupported` on every driver but that of Windows. Source: PeerGroupResumePasswordAuthentication (p2p.h).
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
