import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { expect, it } from 'vitest';
import { expectBytes } from './bytes.js';
import { aborted, expectFault, expectUnsupported } from './faults.js';
import { groupNames, identityNames } from './listings.js';
import { secretText } from './secret-text.js';
import type { Setup } from './setup.js';
import { describeWithDriver } from './world.js';

const SECURED_NAME = /^[0-9a-f]{40}\./;

/** The name of nobody. */
const STRANGER = `${'0123456789'.repeat(4)}.stranger`;

const PASSWORD = secretText('correct horse battery');

/** `text` with the character at `index` replaced by another letter or digit. */
const alter = (text: string, index: number): string =>
  text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1);

/**
 * Behaviour of the identity family. Where a driver cannot be brought a private key as bytes (`bringsKeys`), it says so
 * as `Unsupported`.
 */
export const describeIdentity = (
  name: string,
  setup: Setup,
  { bringsKeys = true }: { readonly bringsKeys?: boolean } = {},
): void =>
  describeWithDriver(`${name}: identity`, setup, (here) => {
    it('gives every identity a secured name of its own and lists it', async () => {
      const { driver } = here();
      const names = [await driver.identity.create({}), await driver.identity.create({})];
      expect(new Set(names).size).toBe(2);
      for (const peerName of names) expect(peerName).toMatch(SECURED_NAME);
      expect([...(await identityNames(driver))].sort()).toEqual(names.sort());
    });

    it('puts the classifier into the name', async () => {
      const { identity } = here().driver;
      expect(await identity.create({ classifier: 'lab' })).toMatch(/^[0-9a-f]{40}\.lab$/);
      expect(await identity.create({ classifier: 'x'.repeat(149) })).toHaveLength(190);
    });

    it('calls an identity by its peer name until it is given a friendly name, and again after a reset', async () => {
      const { identity } = here().driver;
      const peerName = await identity.create({});
      expect(await identity.getFriendlyName(peerName)).toBe(peerName);
      await identity.setFriendlyName(peerName, 'Änne ☕');
      expect(await identity.getFriendlyName(peerName)).toBe('Änne ☕');
      await identity.setFriendlyName(peerName, '');
      expect(await identity.getFriendlyName(peerName)).toBe(peerName);
      await identity.setFriendlyName(peerName, 'Bo');
      await identity.setFriendlyName(peerName, undefined);
      expect(await identity.getFriendlyName(peerName)).toBe(peerName);
    });

    it('shows the friendly name in the listing', async () => {
      const { driver } = here();
      const peerName = await driver.identity.create({ friendlyName: 'Ada' });
      const listing = await driver.identity.enumerate();
      expect(await driver.enumeration.nextItems(listing, 2)).toEqual([{ peerName, friendlyName: 'Ada' }]);
      await driver.enumeration.end(listing);
    });

    it('makes the default identity once', async () => {
      const { driver } = here();
      const peerName = await driver.identity.getDefault();
      expect(peerName).toMatch(SECURED_NAME);
      expect(await driver.identity.getDefault()).toBe(peerName);
      expect(await identityNames(driver)).toEqual([peerName]);
      await driver.identity.setFriendlyName(undefined, 'Me');
      expect(await driver.identity.getFriendlyName(peerName)).toBe('Me');
      expect(await driver.identity.getFriendlyName(undefined)).toBe('Me');
    });

    it.each([
      ['a classifier of 150 characters', { classifier: 'x'.repeat(150) }],
      ['a friendly name of 256 characters', { friendlyName: 'x'.repeat(256) }],
      ['a key that is none', { privateKey: Uint8Array.of(1, 2, 3) }],
    ])('refuses %s and makes nothing', async (_what, creation) => {
      const { driver } = here();
      await expectFault(driver.identity.create(creation), 'E_INVALIDARG');
      expect(await identityNames(driver)).toEqual([]);
    });

    it('refuses a friendly name of 256 characters for an identity that has one', async () => {
      const { identity } = here().driver;
      const peerName = await identity.create({ friendlyName: 'x'.repeat(255) });
      await expectFault(identity.setFriendlyName(peerName, 'y'.repeat(256)), 'E_INVALIDARG');
      expect(await identity.getFriendlyName(peerName)).toBe('x'.repeat(255));
    });

    it('takes a key that is brought along, once for the same classifier', async () => {
      const { identity } = here().driver;
      const pair = generateKeyPairSync('ed25519');
      const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'der' });
      if (!bringsKeys) {
        await expectUnsupported(identity.create({ privateKey }));
        return;
      }
      const peerName = await identity.create({ privateKey, classifier: 'one' });
      const key = await identity.getKey(peerName);
      expectBytes(key.publicKey, pair.publicKey.export({ type: 'spki', format: 'der' }));
      await key.release();
      await expectFault(identity.create({ privateKey, classifier: 'one' }), 'PEER_E_ALREADY_EXISTS');
      const other = await identity.create({ privateKey, classifier: 'two' });
      expect(other.slice(0, 40)).toBe(peerName.slice(0, 40));
    });

    it('signs so that the public key verifies it', async () => {
      const { identity } = here().driver;
      const key = await identity.getKey(await identity.create({}));
      const data = Buffer.from('to whom it may concern');
      const signature = await key.sign(data);
      const publicKey = createPublicKey({ key: Buffer.from(key.publicKey), format: 'der', type: 'spki' });
      const digest = publicKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
      expect(verify(digest, data, publicKey, signature)).toBe(true);
      expect(verify(digest, Buffer.from('something else'), publicKey, signature)).toBe(false);
      await key.release();
      await expectFault(key.sign(data), 'E_HANDLE', 'E_INVALIDARG', 'ERROR_INVALID_HANDLE');
    });

    it('deletes an identity for good', async () => {
      const { driver } = here();
      const peerName = await driver.identity.create({});
      await driver.identity.delete(peerName);
      expect(await identityNames(driver)).toEqual([]);
      await expectFault(driver.identity.delete(peerName), 'PEER_E_NOT_FOUND');
    });

    it('keeps an identity that has groups', async () => {
      const { driver } = here();
      const creatorPeerName = await driver.identity.create({});
      await driver.grouping.startup();
      const group = await driver.grouping.create({ creatorPeerName });
      await expectFault(driver.identity.delete(creatorPeerName), 'PEER_E_GROUPS_EXIST');
      await driver.grouping.close(group);
      await expectFault(driver.identity.delete(creatorPeerName), 'PEER_E_GROUPS_EXIST');
      const [groupPeerName = ''] = await groupNames(driver, creatorPeerName);
      await driver.grouping.delete(creatorPeerName, groupPeerName);
      await driver.identity.delete(creatorPeerName);
      await driver.grouping.shutdown();
    });

    it('does not know a stranger', async () => {
      const { identity } = here().driver;
      await expectFault(identity.getFriendlyName(STRANGER), 'PEER_E_NOT_FOUND');
      await expectFault(identity.setFriendlyName(STRANGER, 'x'), 'PEER_E_NOT_FOUND');
      await expectFault(identity.getKey(STRANGER), 'PEER_E_NOT_FOUND');
      await expectFault(identity.enumerateGroups(STRANGER), 'PEER_E_NOT_FOUND');
      await expectFault(identity.export(STRANGER, PASSWORD), 'PEER_E_NOT_FOUND');
      await expectFault(identity.delete(STRANGER), 'PEER_E_NOT_FOUND');
      await expectFault(identity.getXml(STRANGER), 'PEER_E_NOT_FOUND', 'E_HANDLE', 'E_INVALIDARG');
    });

    it.each(['', 'nobody', '../../etc/passwd', 'A'.repeat(40)])('refuses %j as a name', async (wrong) => {
      const { identity } = here().driver;
      await expectFault(identity.getFriendlyName(wrong), 'E_INVALIDARG', 'PEER_E_NOT_FOUND');
      await expectFault(identity.delete(wrong), 'E_INVALIDARG', 'PEER_E_NOT_FOUND');
    });

    it('describes an identity in XML', async () => {
      const { identity } = here().driver;
      expect(await identity.getXml(await identity.create({}))).toContain('<PEERIDENTITYINFO');
    });

    if (bringsKeys)
      it('keeps the private key out of its XML', async () => {
        const { identity } = here().driver;
        const pair = generateKeyPairSync('ed25519');
        const pkcs8 = pair.privateKey.export({ type: 'pkcs8', format: 'der' });
        const xml = await identity.getXml(await identity.create({ privateKey: pkcs8 }));
        const seed = pkcs8.subarray(-32);
        const texts = [...xml.matchAll(/[A-Za-z0-9+/=]{16,}/g)].map(([text]) => Buffer.from(text, 'base64'));
        for (const bytes of [Buffer.from(xml), ...texts]) expect(bytes.includes(seed)).toBe(false);
      });

    it('moves an identity by export and import', async () => {
      const { driver, consumer } = here();
      const peerName = await driver.identity.create({ friendlyName: 'Traveller', classifier: 'lab' });
      const xml = await driver.identity.export(peerName, PASSWORD);
      await expectFault(driver.identity.import(xml, PASSWORD), 'PEER_E_ALREADY_EXISTS');
      expect(await consumer.identity.import(xml, PASSWORD)).toBe(peerName);
      expect(await consumer.identity.getFriendlyName(peerName)).toBe('Traveller');
      const [before, after] = [
        await driver.identity.getKey(peerName),
        await consumer.identity.getKey(peerName),
      ];
      expectBytes(after.publicKey, before.publicKey);
      await before.release();
      await after.release();
    });

    it('refuses an export under another password and leaves nothing behind', async () => {
      const { driver, consumer } = here();
      const xml = await driver.identity.export(await driver.identity.create({}), PASSWORD);
      await expectFault(consumer.identity.import(xml, secretText('wrong horse')), 'E_INVALIDARG');
      await expectFault(consumer.identity.import(xml, secretText('')), 'E_INVALIDARG');
      expect(await identityNames(consumer)).toEqual([]);
    });

    it.each([0, 0.3, 0.6, 0.8, 0.97])('refuses an export with a changed byte (at %d of it)', async (part) => {
      const { driver, consumer } = here();
      const xml = await driver.identity.export(await driver.identity.create({}), PASSWORD);
      const changed = alter(xml, Math.floor(part * xml.length));
      await expectFault(consumer.identity.import(changed, PASSWORD), 'E_INVALIDARG');
      expect(await identityNames(consumer)).toEqual([]);
    });

    it.each(['', 'no XML', '<PEERIDENTITYEXPORT/>', '<PEERIDENTITYEXPORT VERSION="1.0"><DATA>QQ==</DATA>'])(
      'refuses to import %j',
      async (xml) => {
        const { identity } = here().driver;
        await expectFault(identity.import(xml, PASSWORD), 'E_INVALIDARG');
      },
    );

    it('exports under no empty password', async () => {
      const { identity } = here().driver;
      await expectFault(identity.export(await identity.create({}), secretText('')), 'E_INVALIDARG');
    });

    it('composes peer names', async () => {
      const { identity } = here().driver;
      const peerName = await identity.create({ classifier: 'old' });
      const authority = peerName.slice(0, 40);
      expect(await identity.createPeerName(peerName, 'new')).toBe(`${authority}.new`);
      // Without a classifier the old one may stay or go; the documents do not say.
      expect([peerName, `${authority}.`]).toContain(await identity.createPeerName(peerName, undefined));
      expect(await identity.createPeerName(undefined, 'anybody')).toBe('0.anybody');
      expect(await identity.createPeerName(STRANGER, 'pure')).toBe(`${STRANGER.slice(0, 40)}.pure`);
      await expectFault(identity.createPeerName(undefined, undefined), 'E_INVALIDARG');
      await expectFault(identity.createPeerName('nonsense', 'x'), 'E_INVALIDARG', 'PEER_E_INVALID_PEER_NAME');
      await expectFault(
        identity.createPeerName(peerName, 'x'.repeat(150)),
        'E_INVALIDARG',
        'PEER_E_INVALID_CLASSIFIER',
      );
    });

    it('does nothing for a call that was aborted before it began', async () => {
      const { driver } = here();
      const { identity } = driver;
      const signal = aborted();
      await expectFault(identity.create({}, { signal }), 'ERROR_OPERATION_ABORTED');
      expect(await identityNames(driver)).toEqual([]);
      const peerName = await identity.create({});
      const xml = await identity.export(peerName, PASSWORD);
      await identity.delete(peerName);
      await expectFault(identity.import(xml, PASSWORD, { signal }), 'ERROR_OPERATION_ABORTED');
      expect(await identityNames(driver)).toEqual([]);
      const kept = await identity.create({});
      await expectFault(identity.export(kept, PASSWORD, { signal }), 'ERROR_OPERATION_ABORTED');
    });
  });
