import { expect, it } from 'vitest';
import {
  createGroup,
  groupsOf,
  identities,
  list,
  openContent,
  openGroup,
  openListing,
  openSession,
  type PeerEffect,
} from '../../src/effects/index.js';
import { createRig } from './rig.js';

const signal = AbortSignal.abort();
const NAME = `${'0'.repeat(40)}.name`;

it.each<[string, PeerEffect<unknown>]>([
  ['createGroup', createGroup({ creatorPeerName: NAME }, { signal })],
  ['openGroup', openGroup({ groupPeerName: NAME }, { signal })],
  ['openSession', openSession({ signal })],
  ['identities', openListing(identities(), { signal })],
  ['groupsOf', list(groupsOf(NAME), { signal })],
])('%s that is called off is called by its name', async (operation, effect) => {
  const rig = createRig();
  expect(await rig.failure(effect)).toMatchObject({ _tag: 'Cancelled', operation });
  rig.fake.assertClean();
});

it('what is opened below a session is called by its name', async () => {
  const rig = createRig();
  const session = await rig.run(openSession());
  expect(await rig.failure(openContent(session, {}, { signal }))).toMatchObject({
    _tag: 'Cancelled',
    operation: 'openContent',
  });
  await session.close();
});
