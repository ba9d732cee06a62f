import { Observable, share } from 'rxjs';
import type { GroupEvent } from '../driver/index.js';
import { promiseOf, toPeerError } from '../effects/effect.js';
import { groupCore, type PeerGroup } from '../effects/group.js';
import {
  type GroupEventRegistration,
  registerGroupEvents,
  takeGroupEvents,
} from '../effects/group-events.js';
import type { EventRegistrationInput } from '../effects/validate/events.js';
import { boundedQueue, type QueueOptions } from './bounded-queue.js';
import type { Dropped } from './overflow-buffer.js';
import { withPeerErrors } from './peer-errors.js';
import { checkedBounds } from './queue-bounds.js';

/** Which events to hear of and how many to hold back. */
export interface GroupEventsOptions extends QueueOptions {
  /** Every kind but `AuthenticationFailed` by default, which the API does not document. */
  readonly events?: readonly EventRegistrationInput[] | undefined;
}

const ALL_EVENTS: readonly EventRegistrationInput[] = [
  'StatusChanged',
  'PropertyChanged',
  'RecordChanged',
  'DirectConnection',
  'NeighborConnection',
  'IncomingData',
  'MemberChanged',
  'ConnectionFailed',
];

/** Events asked for at a time, so that one busy group does not hold up the rest of the program. */
const BATCH = 256;

/**
 * What happens in a group, as a typed union.
 *
 * Hot for those who share the returned Observable: one registration, made with the first subscriber and removed with
 * the last. Events come in order and in batches; a subscriber that cannot keep up loses the oldest beyond `capacity`
 * (or the newest, by `overflow`) and is told how many by a `Dropped` value. Subscribe before `connectGroup`, or the
 * first events are missed. Completes when the group is closed or deleted; of a closed one it is an error, `HandleClosed`.
 *
 * Source: PeerGroupRegisterEvent, PeerGroupGetEventData, PeerGroupUnregisterEvent.
 *
 * @example
 * ```ts
 * import { filter, switchMap, take } from 'rxjs';
 * import { createPeerweave, groupEvents } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const peers = createPeerweave({ driver: createFakeDriver() });
 * const creatorPeerName = await peers.promise(peers.effects.createIdentity({ classifier: 'alice' }));
 * peers
 *   .createGroup({ creatorPeerName }, { connect: 'manual' })
 *   .pipe(
 *     switchMap((group) => {
 *       setTimeout(() => void peers.promise(peers.effects.connectGroup(group)));
 *       return groupEvents(group);
 *     }),
 *     filter((event) => event._tag === 'StatusChanged'),
 *     take(1),
 *   )
 *   .subscribe((event) => console.log(event._tag));
 * ```
 */
export function groupEvents(
  group: PeerGroup,
  options: GroupEventsOptions = {},
): Observable<GroupEvent | Dropped> {
  return withPeerErrors('groupEvents', () => {
    const { events = ALL_EVENTS, ...queue } = options;
    checkedBounds(queue, 'groupEvents');
    return drained(group, events).pipe(boundedQueue(queue), share());
  });
}

/**
 * Registers, and takes whatever waits on every signal, so that nothing piles up in the system however slow the
 * subscriber is.
 */
function drained(group: PeerGroup, events: readonly EventRegistrationInput[]): Observable<GroupEvent> {
  return new Observable((subscriber) => {
    const core = groupCore(group, 'groupEvents');
    core.assertOpen('groupEvents');
    let registration: GroupEventRegistration | undefined;
    let signalled = false;
    let draining = false;

    const take = (from: GroupEventRegistration): Promise<readonly GroupEvent[]> =>
      promiseOf(takeGroupEvents(from, BATCH)(core.env));

    const drain = async (): Promise<void> => {
      if (draining || registration === undefined) return;
      draining = true;
      try {
        while (signalled && !subscriber.closed) {
          signalled = false;
          for (let batch = await take(registration); batch.length > 0; batch = await take(registration)) {
            for (const event of batch) subscriber.next(event);
          }
        }
      } catch (thrown) {
        subscriber.error(toPeerError(thrown, 'groupEvents'));
      } finally {
        draining = false;
      }
    };

    const onSignal = (): void => {
      signalled = true;
      void drain();
    };

    const start = async (): Promise<void> => {
      try {
        registration = await promiseOf(registerGroupEvents(group, events, onSignal)(core.env));
        if (subscriber.closed) await registration.close();
        // For events that came before the registration was known here.
        else onSignal();
      } catch (thrown) {
        subscriber.error(toPeerError(thrown, 'groupEvents'));
      }
    };

    // What fails from here on because the group closes is too late to be an error: the stream has completed.
    subscriber.add(core.onClose(() => subscriber.complete()));
    subscriber.add(() => void registration?.close());
    void start();
  });
}
