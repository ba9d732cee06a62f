import { afterEach, describe, expect, it } from 'vitest';
import {
  connectGroup,
  createGroup,
  createIdentity,
  exportGroupConfig,
  groupsOf,
  HRESULT_CODES,
  list,
  liveHandleCount,
  PeerError,
  type PeerGroup,
  Secret,
} from '../../src/effects/index.js';
import { createRig, type Rig } from './rig.js';

const start = async (): Promise<{ rig: Rig; group: PeerGroup }> => {
  const rig = createRig();
  const creatorPeerName = await rig.run(createIdentity());
  return { rig, group: await rig.run(createGroup({ creatorPeerName }, { connect: 'manual' })) };
};

const end = async (rig: Rig, group: PeerGroup): Promise<void> => {
  await group.close();
  rig.fake.assertClean();
  expect(rig.clock.pending).toBe(0);
};

describe('connectGroup', () => {
  afterEach(() => expect(liveHandleCount()).toBe(0));

  it('ends with the status, and at once when the group is connected already', async () => {
    const { rig, group } = await start();
    for (const _ of [1, 2]) expect(await rig.run(connectGroup(group))).toMatchObject({ listening: true });
    await end(rig, group);
  });

  it('answers a PeerError to options that are none', async () => {
    const { rig, group } = await start();
    expect(await rig.failure(connectGroup(group, null as unknown as undefined))).toBeInstanceOf(PeerError);
    await end(rig, group);
  });

  it.each([-5, 1.5, Number.NaN, Infinity, 2 ** 32])(
    'refuses to wait %d ms, before it opens anything',
    async (timeoutMs) => {
      const { rig, group } = await start();
      const problems = [expect.objectContaining({ path: 'timeoutMs' })];
      const refusal = { _tag: 'BadArgument', problems };
      expect(await rig.failure(connectGroup(group, { timeoutMs }))).toMatchObject(refusal);
      const creatorPeerName = await rig.run(createIdentity());
      const before = await rig.run(list(groupsOf(creatorPeerName)));
      expect(await rig.failure(createGroup({ creatorPeerName }, { timeoutMs }))).toMatchObject(refusal);
      expect(await rig.run(list(groupsOf(creatorPeerName)))).toEqual(before);
      await end(rig, group);
    },
  );

  it('ends with the reason that the group tells', async () => {
    const { rig, group } = await start();
    rig.fake.grouping.setConnectOutcome({ failed: HRESULT_CODES.PEER_E_CONNECTION_FAILED });
    expect(await rig.failure(connectGroup(group))).toMatchObject({ code: 'PEER_E_CONNECTION_FAILED' });
    await end(rig, group);
  });

  it.each(['nothing is told', 'the call itself hangs'])('ends with Timeout when %s', async (what) => {
    const { rig, group } = await start();
    if (what === 'nothing is told') rig.fake.grouping.setConnectOutcome('silent');
    else rig.fake.script('grouping.connect').hang();
    const failed = rig.failure(connectGroup(group, { timeoutMs: 1_000 }));
    await rig.clock.advance(999);
    expect(rig.fake.ledger().kinds['group-events'].open).toBe(1);
    await rig.clock.advance(1);
    expect(await failed).toMatchObject({ _tag: 'Timeout' });
    await end(rig, group);
  });

  it.each([0, 10, 60])('ends with Cancelled or HandleClosed when it is ended after %i ms', async (ms) => {
    for (const how of ['abort', 'close'] as const) {
      const { rig, group } = await start();
      rig.fake.grouping.setConnectOutcome('silent');
      rig.fake.script('grouping.registerEvents').once({ delayMs: 5 });
      rig.fake.script('grouping.connect').once({ delayMs: 50 });
      const controller = new AbortController();
      const failed = rig.failure(connectGroup(group, { signal: controller.signal }));
      await rig.clock.advance(ms);
      if (how === 'abort') controller.abort();
      else void group.close();
      await rig.clock.advance(100);
      expect((await failed)._tag).toBe(how === 'abort' ? 'Cancelled' : 'HandleClosed');
      await end(rig, group);
    }
  });
});

describe('a group that goes online by itself', () => {
  afterEach(() => expect(liveHandleCount()).toBe(0));

  const begin = async () => {
    const rig = createRig();
    const creatorPeerName = await rig.run(createIdentity());
    return { rig, creatorPeerName };
  };

  const operations = ({ fake }: Rig): readonly string[] =>
    fake.calls.map(({ operation }) => operation).filter((operation) => operation.startsWith('grouping.'));

  it('is there once it is online, by the prescribed calls in their order', async () => {
    const { rig, creatorPeerName } = await begin();
    rig.fake.script('grouping.getStatus').once({ delayMs: 50 });
    const created = rig.run(createGroup({ creatorPeerName }));
    await rig.clock.advance(50);
    const group = await created;
    expect(operations(rig)).toEqual([
      'grouping.startup',
      'grouping.create',
      'grouping.registerEvents',
      'grouping.connect',
      'grouping.getEvents',
      'grouping.getStatus',
      'grouping.unregisterEvents',
    ]);
    await end(rig, group);
    expect(operations(rig).slice(-2)).toEqual(['grouping.close', 'grouping.shutdown']);
  });

  it.each([
    ['PEER_E_NO_MEMBERS_FOUND', 'Unavailable'],
    ['PEER_E_UNABLE_TO_LISTEN', 'Unavailable'],
    ['PEER_E_NOT_AUTHORIZED', 'AccessDenied'],
  ] as const)('is closed again when the group tells %s, which is %s', async (symbol, tag) => {
    const { rig, creatorPeerName } = await begin();
    rig.fake.grouping.setConnectOutcome({ failed: HRESULT_CODES[symbol] });
    expect(await rig.failure(createGroup({ creatorPeerName }))).toMatchObject({ _tag: tag, symbol });
    rig.fake.assertClean();
    expect(rig.clock.pending).toBe(0);
  });

  it.each([
    [undefined, 30_000],
    [500, 500],
  ])('ends with Timeout when nothing is told in %s ms, %d that is', async (timeoutMs, limit) => {
    const { rig, creatorPeerName } = await begin();
    rig.fake.grouping.setConnectOutcome('silent');
    const failed = rig.failure(createGroup({ creatorPeerName }, { timeoutMs }));
    await rig.clock.advance(limit - 1);
    expect(rig.fake.ledger().kinds['group-events'].open).toBe(1);
    await rig.clock.advance(1);
    expect(await failed).toMatchObject({ _tag: 'Timeout' });
    rig.fake.assertClean();
    expect(rig.clock.pending).toBe(0);
  });

  it('is given up while it waits for the outcome', async () => {
    const { rig, creatorPeerName } = await begin();
    rig.fake.grouping.setConnectOutcome('silent');
    const controller = new AbortController();
    const failed = rig.failure(createGroup({ creatorPeerName }, { signal: controller.signal }));
    await rig.clock.advance(20_000);
    controller.abort();
    expect(await failed).toMatchObject({ _tag: 'Cancelled' });
    rig.fake.assertClean();
    expect(rig.clock.pending).toBe(0);
  });

  it('stays offline where it is told to, and where nobody can go online', async () => {
    const { rig, creatorPeerName } = await begin();
    await (await rig.run(createGroup({ creatorPeerName }, { connect: 'manual' }))).close();
    const alone = createRig({ canConnect: false });
    const name = await alone.run(createIdentity());
    await (await alone.run(createGroup({ creatorPeerName: name }))).close();
    for (const each of [rig, alone])
      expect(operations(each)).toEqual([
        'grouping.startup',
        'grouping.create',
        'grouping.close',
        'grouping.shutdown',
      ]);
  });
});

describe('a password that was given as text', () => {
  it('is wiped also when the call never started', async () => {
    const { rig, group } = await start();
    await group.close();
    let lent: Uint8Array | undefined;
    const { of } = Secret;
    Secret.of = (content) => {
      const secret = of.call(Secret, content);
      secret.use((bytes) => (lent = bytes));
      return secret;
    };
    try {
      expect((await rig.failure(exportGroupConfig(group, 'secret')))._tag).toBe('HandleClosed');
    } finally {
      Secret.of = of;
    }
    expect(lent).toEqual(Buffer.alloc(12));
  });
});
