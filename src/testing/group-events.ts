import type { GroupEventsHandle, GroupingDriver } from '../driver/index.js';
import { EventQueue } from './event-queue.js';
import type { GroupingContext } from './grouping-context.js';
import { HandleTable } from './handle-table.js';
import type { Membership } from './membership.js';
import { faultOf } from './operations.js';

interface Registration {
  readonly queue: EventQueue;
  readonly membership: Membership;
}

export interface GroupEvents {
  readonly members: Pick<GroupingDriver, 'registerEvents' | 'getEvents' | 'unregisterEvents'>;
  clear(): void;
}

export const createGroupEvents = (grouping: GroupingContext): GroupEvents => {
  const { gate, ledger, nextId } = grouping.fake;
  const table = new HandleTable<GroupEventsHandle, Registration>(
    'group-events',
    ledger,
    nextId,
    (operation) => faultOf(operation, 'E_INVALIDARG', 'this registration is not open'),
  );

  return {
    members: {
      registerEvents: (handle, registrations, onSignal) =>
        gate.run('grouping.registerEvents', undefined, () => {
          const membership = grouping.use('grouping.registerEvents', handle);
          if (registrations.length === 0)
            throw faultOf('grouping.registerEvents', 'E_INVALIDARG', 'no event is asked for');
          const queue = new EventQueue([...registrations], onSignal);
          membership.queues.add(queue);
          return table.open({ queue, membership }, handle);
        }),

      getEvents: (events, max) =>
        gate.run('grouping.getEvents', undefined, () => {
          const { queue } = table.find('grouping.getEvents', events);
          if (!Number.isSafeInteger(max) || max < 1)
            throw faultOf('grouping.getEvents', 'E_INVALIDARG', 'max must be a positive integer');
          return queue.take(max);
        }),

      unregisterEvents: (events) =>
        gate.run('grouping.unregisterEvents', undefined, () => {
          const { queue, membership } = table.close('grouping.unregisterEvents', events);
          queue.stop();
          membership.queues.delete(queue);
        }),
    },
    clear: () => {
      for (const [, { queue }] of table.entries()) queue.stop();
      table.clear();
    },
  };
};
