import { test, fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { WaitingRoom } from '../../../src/engine/distribution/retrieval/waiting-room.js';
import { createVirtualClock } from '../../../src/testing/index.js';

const [PLACES, PER_CLIENT, PATIENCE_MS] = [6, 3, 1_000];

interface Guest {
  readonly client: string;
  state: 'waiting' | 'in' | 'gone';
}

const open = () => {
  const clock = createVirtualClock();
  const room = new WaitingRoom({
    clock,
    places: PLACES,
    placesPerClient: PER_CLIENT,
    patienceMs: PATIENCE_MS,
  });
  const guests: Guest[] = [];
  const those = (state: Guest['state'], client?: string): readonly Guest[] =>
    guests.filter((guest) => guest.state === state && (client ?? guest.client) === guest.client);
  return {
    clock,
    room,
    those,
    come(client: string): void {
      const entered = room.enter(client);
      const guest: Guest = { client, state: entered === true ? 'in' : 'waiting' };
      guests.push(guest);
      if (typeof entered !== 'boolean') void entered.then((isIn) => (guest.state = isIn ? 'in' : 'gone'));
    },
    async go(client: string): Promise<void> {
      const [guest] = those('in', client);
      if (guest === undefined) return;
      guest.state = 'gone';
      room.leave(client);
      await Promise.resolve();
    },
  };
};

const CLIENTS = ['a', 'b', 'c', 'd'] as const;

describe('a room for so many', () => {
  test.prop([
    fc.array(
      fc.record({ does: fc.constantFrom('comes', 'goes', 'time'), client: fc.constantFrom(...CLIENTS) }),
      { maxLength: 200 },
    ),
  ])('is never too full, and nobody waits for whom there is a place', async (steps) => {
    const { clock, come, go, those } = open();
    for (const { does, client } of steps) {
      if (does === 'comes') come(client);
      else if (does === 'goes') await go(client);
      else await clock.advance(PATIENCE_MS / 4);
      expect(those('in').length).toBeLessThanOrEqual(PLACES);
      for (const each of CLIENTS) {
        expect(those('in', each).length).toBeLessThanOrEqual(PER_CLIENT);
        const mayWait = those('in').length === PLACES || those('in', each).length === PER_CLIENT;
        expect(those('waiting', each).length === 0 || mayWait).toBe(true);
      }
    }
    // Everybody who waits has a place or has given up in the end.
    await clock.advance(PATIENCE_MS);
    expect(those('waiting')).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('gives a place to who has the fewest, and of those to who has waited longest', async () => {
    const { come, go, those } = open();
    for (const client of ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b']) come(client);
    for (const client of ['c', 'c', 'd', 'd']) come(client);
    const order = async (leaving: string): Promise<string> => {
      const before = new Map(CLIENTS.map((client) => [client, those('in', client).length]));
      await go(leaving);
      return CLIENTS.filter(
        (client) => those('in', client).length > (before.get(client) ?? 0) - Number(client === leaving),
      ).join();
    };
    // `a` and `b` have two each, then, and the others one.
    expect([await order('a'), await order('b')]).toEqual(['c', 'd']);
    // One each: `a` has waited longer than `c`.
    expect([await order('a'), await order('b')]).toEqual(['a', 'b']);
    expect([await order('a'), await order('b')]).toEqual(['c', 'd']);
  });
});
