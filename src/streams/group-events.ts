import { Observable, share } from 'rxjs';
import type { GroupEvent } from '../driver/index.js';
import { toPeerError } from '../effects/effect.js';
import { groupCore, type PeerGroup } from '../effects/group.js';
import {
  type GroupEventRegistration,
  registerGroupEvents,
  takeGroupEvents,
} from '../effects/group-events.js';
import type { EventRegistrationInput } from '../effects/validate/events.js';
import { boundedQueue, type Dropped, type QueueOptions } from './bounded-queue.js';
import { promiseOf } from './from-effect.js';

/** Every kind of event, or only those wanted. */
export interface GroupEventsOptions extends QueueOptions {
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
 * first events are missed. Completes when the group is closed.
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
  { events = ALL_EVENTS, ...queue }: GroupEventsOptions = {},
): Observable<GroupEvent | Dropped> {
  return drained(group, events).pipe(boundedQueue(queue), share());
}

/** Registers, and takes whatever waits on every signal. */
function drained(group: PeerGroup, events: readonly EventRegistrationInput[]): Observable<GroupEvent> {
  return new Observable((subscriber) => {
    const { env, closed } = groupCore(group, 'groupEvents');
    let registration: GroupEventRegistration | undefined;
    let signalled = false;
    let draining = false;

    const drain = async (): Promise<void> => {
      if (draining || registration === undefined) return;
      draining = true;
      try {
        while (signalled && !subscriber.closed) {
          signalled = false;
          let batch: readonly GroupEvent[];
          do {
            batch = await promiseOf(takeGroupEvents(registration, BATCH)(env));
            for (const event of batch) subscriber.next(event);
          } while (batch.length > 0);
        }
      } catch (thrown) {
        if (group.state === 'open') subscriber.error(toPeerError(thrown, 'groupEvents'));
        else subscriber.complete();
      } finally {
        draining = false;
      }
    };

    const start = async (): Promise<void> => {
      try {
        const opened = await promiseOf(
          registerGroupEvents(group, events, () => {
            signalled = true;
            void drain();
          })(env),
        );
        if (subscriber.closed) {
          await opened.close();
          return;
        }
        registration = opened;
        // Events from before the handle was known to us.
        signalled = true;
        await drain();
      } catch (thrown) {
        subscriber.error(toPeerError(thrown, 'groupEvents'));
      }
    };

    void start();
    void closed.then(() => subscriber.complete());
    return () => void registration?.close();
  });
}
