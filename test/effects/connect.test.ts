import { afterEach, describe, expect, it } from 'vitest';
import {
  connectGroup,
  createGroup,
  createIdentity,
  exportGroupConfig,
  HRESULT_CODES,
  liveHandleCount,
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
