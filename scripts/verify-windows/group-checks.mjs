import { createPublicKey, verify } from 'node:crypto';
import { assert, describe, Skip, within } from './outcome.mjs';
import { withPeers } from './package.mjs';

const NOTE = 'bbbbbbbb-0000-4000-8000-000000000001';
const PASSWORD = 'correct horse battery';
const EVENT_MS = 20_000;

const withIdentity = (context, use) =>
  withPeers(context, async (peers, driver) => {
    const { effects, promise } = peers;
    const { findings } = await context.support();
    const here = findings.find(({ subject }) => subject === 'grouping service');
    if (here?.ok !== true)
      throw new Skip(here === undefined ? 'see doctor' : `${here.detail}; ${here.advice}`);
    const identity = await promise(effects.createIdentity({ classifier: 'peerweave-verify' }));
    try {
      return await use({ effects, promise, peers, driver, identity });
    } finally {
      await effects.deleteIdentity(identity)();
    }
  });

/** A group of one's own that is not online; it is deleted afterwards. */
const withGroup = (context, use) =>
  withIdentity(context, async (on) => {
    const { effects, promise, identity } = on;
    const properties = { creatorPeerName: identity, friendlyName: 'peerweave-verify' };
    const group = await promise(effects.createGroup(properties, { connect: 'manual' }));
    try {
      const { groupPeerName } = await promise(effects.getGroupProperties(group));
      const result = await use({ ...on, group, groupPeerName });
      await group.close();
      await promise(effects.deleteGroup({ identity, groupPeerName }));
      return result;
    } finally {
      await group.close();
    }
  });

const note = (data) => ({ type: NOTE, expires: new Date(Date.now() + 3_600_000), data: Buffer.from(data) });

/** What P2P.dll must do. */
export const GROUP_CHECKS = [
  {
    name: 'identity',
    run: (context) =>
      withIdentity(context, async ({ effects, promise, identity }) => {
        await promise(effects.setFriendlyName('peerweave', identity));
        assert(
          (await promise(effects.getFriendlyName(identity))) === 'peerweave',
          'the friendly name is another',
        );
        assert(
          (await promise(effects.getIdentityXml(identity))).includes('PEERIDENTITYINFO'),
          'the XML is another',
        );
        const exported = await promise(effects.exportIdentity(identity, PASSWORD));
        await promise(effects.deleteIdentity(identity));
        const again = await promise(effects.importIdentity(exported, PASSWORD));
        assert(again === identity, `came back as ${again}`);
        return identity;
      }),
  },
  {
    name: 'identity key',
    run: (context) =>
      withIdentity(context, async ({ effects, promise, identity }) => {
        const key = await promise(effects.getIdentityKey(identity));
        try {
          const data = Buffer.from('signed by Windows');
          const signature = await key.sign(data);
          const publicKey = createPublicKey({ key: Buffer.from(key.publicKey), format: 'der', type: 'spki' });
          assert(verify('sha256', data, publicKey, signature), 'OpenSSL does not accept the signature');
          return `${publicKey.asymmetricKeyType} ${publicKey.asymmetricKeyDetails?.modulusLength} bits`;
        } finally {
          await key.release();
        }
      }),
  },
  {
    name: 'group create and close',
    run: (context) =>
      withGroup(context, async ({ effects, promise, group, groupPeerName, identity }) => {
        await group.close();
        const late = await effects.getGroupStatus(group)();
        assert(late.left?._tag === 'HandleClosed', 'a closed group still answers');
        const again = await promise(effects.openGroup({ identity, groupPeerName }, { connect: 'manual' }));
        const { listening, hasConnections } = await promise(effects.getGroupStatus(again));
        await again.close();
        return `${groupPeerName}; opened again: listening ${listening}, connections ${hasConnections}`;
      }),
  },
  {
    name: 'group records and events',
    run: (context) =>
      withGroup(context, async ({ effects, promise, group }) => {
        let ring = () => undefined;
        const rung = new Promise((resolve) => (ring = resolve));
        const kinds = [{ kind: 'RecordChanged', type: NOTE }];
        const events = await promise(effects.registerGroupEvents(group, kinds, () => ring()));
        const id = await promise(effects.addRecord(group, note('e4')));
        await within(EVENT_MS, 'the event of a record', rung);
        const [event] = await promise(effects.takeGroupEvents(events, 8));
        assert(event?._tag === 'RecordChanged' && event.recordId === id, `the event is ${describe(event)}`);
        const record = await promise(effects.getRecord(group, id));
        assert(Buffer.from(record.data).equals(Buffer.from('e4')), 'the record has other data');
        await promise(effects.deleteRecord(group, id));
        return `record ${id}, event ${event.change}`;
      }),
  },
  {
    name: 'group goes online',
    run: (context) =>
      withGroup(context, async ({ effects, promise, group }) => {
        const status = await promise(effects.connectGroup(group));
        const again = await promise(effects.connectGroup(group));
        return `listening ${status.listening}, connections ${status.hasConnections}; a second connect: ${again.listening}`;
      }),
  },
  {
    name: 'group errors',
    run: (context) =>
      withIdentity(context, async ({ effects, identity }) => {
        const wrong = {
          'a cloud that is none': { creatorPeerName: identity, cloud: 'nowhere_of_peerweave' },
          'a creator that is none': { creatorPeerName: `${'0'.repeat(40)}.nobody` },
        };
        const told = [];
        for (const [what, properties] of Object.entries(wrong)) {
          const { left } = await effects.createGroup(properties, { connect: 'manual' })();
          assert(left !== undefined, `${what} made a group`);
          told.push(`${what}: ${left._tag} ${left.code}`);
        }
        return told.join('; ');
      }),
  },
];
