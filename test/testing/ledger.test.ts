import { describe, expect, it } from 'vitest';
import { createFakeDriver, type FakeDriver } from '../../src/testing/index.js';

const ownGroup = async (fake: FakeDriver) => {
  await fake.grouping.startup();
  const creatorPeerName = await fake.identity.create({});
  return { creatorPeerName, group: await fake.grouping.create({ creatorPeerName }) };
};

describe('the books of the fake driver', () => {
  it('are clean at the start', () => {
    const fake = createFakeDriver();
    fake.assertClean();
    expect(fake.ledger().log).toEqual([]);
  });

  it('name what is still open', async () => {
    const fake = createFakeDriver();
    const { group } = await ownGroup(fake);
    await fake.grouping.registerEvents(group, [{ kind: 'StatusChanged' }], () => undefined);
    await fake.identity.enumerate();
    await (await fake.identity.getKey(undefined)).sign(Uint8Array.of(1));
    const session = await fake.distribution.startup();
    await fake.distribution.registerStatusChange(session);
    expect(fake.ledger().problems).toEqual([
      'grouping: 1 of 1 still open',
      'group: 1 of 1 still open',
      'group-events: 1 of 1 still open',
      'enumeration: 1 of 1 still open',
      'identity-key: 1 of 1 still open',
      'session: 1 of 1 still open',
      'status-registration: 1 of 1 still open',
    ]);
    expect(() => fake.assertClean()).toThrow(/not clean:\n- grouping: 1 of 1 still open/);
    await fake.dispose();
    expect(() => fake.assertClean()).toThrow(/group: 1 of 1 still open/);
  });

  it('note openings and closings in their order, with parents', async () => {
    const fake = createFakeDriver();
    const { group } = await ownGroup(fake);
    const events = await fake.grouping.registerEvents(group, [{ kind: 'StatusChanged' }], () => undefined);
    await fake.grouping.unregisterEvents(events);
    await fake.grouping.close(group);
    await fake.grouping.shutdown();
    const { log } = fake.ledger();
    const startup = log[0]!.id;
    expect(log).toEqual([
      { action: 'open', kind: 'grouping', id: startup, parent: undefined },
      { action: 'open', kind: 'group', id: group, parent: startup },
      { action: 'open', kind: 'group-events', id: events, parent: group },
      { action: 'close', kind: 'group-events', id: events, parent: group },
      { action: 'close', kind: 'group', id: group, parent: startup },
      { action: 'close', kind: 'grouping', id: startup, parent: undefined },
    ]);
    fake.assertClean();
  });

  it('tell a parent that was closed before its child', async () => {
    const fake = createFakeDriver();
    const { group } = await ownGroup(fake);
    const listing = await fake.grouping.enumerateMembers(group, { presentOnly: false });
    await fake.grouping.close(group);
    await fake.enumeration.end(listing);
    await fake.grouping.shutdown();
    expect(fake.ledger().earlyCloses).toEqual([{ parent: group, child: listing, childKind: 'enumeration' }]);
    expect(() => fake.assertClean()).toThrow(`${group} was closed before its enumeration ${listing}`);
  });

  it('tell a double close with its operation', async () => {
    const fake = createFakeDriver();
    const session = await fake.distribution.startup();
    await fake.distribution.shutdown(session);
    await expect(fake.distribution.shutdown(session)).rejects.toMatchObject({
      symbol: 'ERROR_INVALID_HANDLE',
    });
    expect(fake.ledger().doubleCloses).toEqual([
      { kind: 'session', id: session, operation: 'distribution.shutdown' },
    ]);
    expect(() => fake.assertClean()).toThrow('distribution.shutdown closed session');
  });

  it('do not blame an owner for closing a handle that a delete has ended', async () => {
    const fake = createFakeDriver();
    const { group, creatorPeerName } = await ownGroup(fake);
    const { groupPeerName } = await fake.grouping.getProperties(group);
    await fake.grouping.delete(creatorPeerName, groupPeerName);
    await expect(fake.grouping.close(group)).rejects.toMatchObject({ symbol: 'PEER_E_INVALID_GROUP' });
    await fake.grouping.shutdown();
    expect(fake.ledger().kinds.group).toEqual({ opened: 1, closed: 0, voided: 1, open: 0 });
    fake.assertClean();
    await expect(fake.grouping.close(group)).rejects.toThrow();
    expect(fake.ledger().doubleCloses).toHaveLength(1);
  });

  it('count the most registrations that a session had at once', async () => {
    const fake = createFakeDriver();
    const session = await fake.distribution.startup();
    for (const status of ['disabled', 'available'] as const) {
      const { changed } = await fake.distribution.registerStatusChange(session);
      await expect(fake.distribution.registerStatusChange(session)).rejects.toThrow();
      fake.distribution.setStatus(status);
      await changed;
    }
    await fake.distribution.shutdown(session);
    const { maxStatusRegistrations, kinds } = fake.ledger();
    expect(maxStatusRegistrations).toBe(1);
    expect(kinds['status-registration']).toEqual({ opened: 2, closed: 2, voided: 0, open: 0 });
    fake.assertClean();
  });

  it('tell calls that nobody has answered', async () => {
    const fake = createFakeDriver();
    fake.script('identity.create').hang();
    const creating = fake.identity.create({}).catch(() => undefined);
    expect(() => fake.assertClean()).toThrow('identity.create (call 1) is still pending');
    await fake.dispose();
    await creating;
    fake.assertClean();
  });
});
