import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, generateKeyPairSync, verify, X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { adviceOf, dataDirectory, drain, faultOf, reasonOf, secret, startEngine } from './support/engine.js';
import { missing } from '../../tools.js';

const certificateIn = (xml: string): Buffer => Buffer.from(/>([^<]+)<\/IDC>/.exec(xml)?.[1] ?? '', 'base64');

const openssl = (input: Buffer, ...args: string[]): Buffer => execFileSync('openssl', args, { input });

const files = async (directory: string): Promise<string[]> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.map((entry) => join(entry.parentPath, entry.name));
};

describe('creating', () => {
  test.skipIf(missing('openssl'))('the name is the SHA-1 of the public key, by openssl', async () => {
    const { identity } = await startEngine();
    const name = await identity.create({ classifier: 'work', friendlyName: 'Ada' });
    const certificate = certificateIn(await identity.getXml(name));
    const pem = openssl(certificate, 'x509', '-inform', 'DER', '-noout', '-pubkey');
    const der = openssl(pem, 'pkey', '-pubin', '-outform', 'DER');
    const digest = openssl(der, 'dgst', '-sha1', '-r').toString().slice(0, 40);
    expect(name).toBe(`${digest}.work`);
  });

  test.skipIf(missing('openssl'))(
    'openssl verifies the identity certificate and reads its fields',
    async () => {
      const { identity } = await startEngine();
      const friendlyName = 'Ünï, CN=evil "q" 😀 #1';
      const name = await identity.create({ classifier: 'a b/ö', friendlyName });
      const der = certificateIn(await identity.getXml(name));
      const certificate = new X509Certificate(der);
      expect(certificate.verify(certificate.publicKey)).toBe(true);
      expect(certificate.serialNumber).toMatch(/^[0-9A-F]{32}$/);
      expect(certificate.subjectAltName).toBe(`URI:peername:${encodeURIComponent(name)}`);
      const years = (new Date(certificate.validTo).getTime() - Date.now()) / (365 * 24 * 3600 * 1000);
      expect(Math.round(years)).toBe(1000);
      const text = openssl(
        der,
        'x509',
        '-inform',
        'DER',
        '-noout',
        '-text',
        '-nameopt',
        'multiline,utf8',
      ).toString();
      expect(text).toContain('ED25519');
      expect(text).toContain('2.25.1736201944.0.1');
      expect(text).not.toContain('1.3.6.1.4.1.311');
      expect(await identity.getFriendlyName(name)).toBe(friendlyName);
      const subject = openssl(
        der,
        'x509',
        '-inform',
        'DER',
        '-noout',
        '-subject',
        '-nameopt',
        'utf8,sep_multiline',
      );
      expect(
        subject
          .toString()
          .trim()
          .split('\n')
          .slice(1)
          .map((line) => line.trim()),
      ).toEqual([`CN=${friendlyName}`]);
    },
  );

  test('without a classifier the dot remains; without a friendly name the peer name serves', async () => {
    const { identity } = await startEngine();
    const name = await identity.create({});
    expect(name).toMatch(/^[0-9a-f]{40}\.$/);
    expect(await identity.getFriendlyName(name)).toBe(name);
  });

  test('an existing key is taken over; the same key and classifier twice is refused', async () => {
    const { identity } = await startEngine();
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    const name = await identity.create({ classifier: 'x', privateKey: pkcs8 });
    expect(name).toBe(`${createHash('sha1').update(spki).digest('hex')}.x`);
    expect(await faultOf(identity.create({ classifier: 'x', privateKey: pkcs8 }))).toBe(
      'PEER_E_ALREADY_EXISTS',
    );
    expect(await identity.create({ classifier: 'y', privateKey: pkcs8 })).toBe(name.replace('.x', '.y'));
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    expect(await faultOf(identity.create({ privateKey: rsa.export({ format: 'der', type: 'pkcs8' }) }))).toBe(
      'E_INVALIDARG',
    );
    expect(await faultOf(identity.create({ privateKey: new Uint8Array(40) }))).toBe('E_INVALIDARG');
  });

  test.each([
    '../../../etc/passwd',
    '..',
    '/',
    '\\..\\x',
    'C:\\x',
    '😀'.repeat(74),
    'a'.repeat(149),
    '\t\r\n &<>"\'',
    'é',
    'é',
  ])('the classifier %j is only a name', async (classifier) => {
    const engine = await startEngine();
    const name = await engine.identity.create({ classifier });
    expect(name.slice(41)).toBe(classifier);
    const [pair] = await drain(engine, await engine.identity.enumerate());
    expect(pair).toEqual({ peerName: name, friendlyName: name });
    expect(certificateIn(await engine.identity.getXml(name)).length).toBeGreaterThan(200);
    for (const path of await files(engine.dataDir))
      expect(path.slice(engine.dataDir.length)).toMatch(/^\/grouping(\/[0-9a-z.-]+)*$/);
  });

  test.each(['a\0b', 'a'.repeat(150), '\u0001', '\ud800', '\ufffe'])(
    'the classifier %j is refused',
    async (classifier) => {
      const { identity } = await startEngine();
      expect(await faultOf(identity.create({ classifier }))).toBe('E_INVALIDARG');
      expect(await faultOf(identity.createPeerName(undefined, classifier))).toBe('E_INVALIDARG');
    },
  );

  test('a friendly name has 255 characters at most', async () => {
    const { identity } = await startEngine();
    const name = await identity.create({ friendlyName: '字'.repeat(255) });
    expect(await identity.getFriendlyName(name)).toBe('字'.repeat(255));
    expect(await faultOf(identity.create({ friendlyName: 'x'.repeat(256) }))).toBe('E_INVALIDARG');
  });

  test('files are readable by their owner only', async () => {
    const { identity, dataDir } = await startEngine();
    await identity.create({});
    for (const path of await files(join(dataDir, 'grouping'))) {
      const { mode } = await stat(path);
      expect([path, (mode & 0o777).toString(8)]).toEqual([path, (mode & 0o40000) === 0 ? '600' : '700']);
    }
  });

  test('an aborted call leaves nothing behind', async () => {
    const engine = await startEngine();
    const abort = new AbortController();
    const creating = engine.identity.create({}, { signal: abort.signal });
    abort.abort();
    expect(await faultOf(creating)).toBe('ERROR_OPERATION_ABORTED');
    expect(await faultOf(engine.identity.create({}, { signal: AbortSignal.abort() }))).toBe(
      'ERROR_OPERATION_ABORTED',
    );
    // A later call of the same kind takes at least as long as the aborted one has left to run.
    await engine.identity.create({ classifier: 'later' });
    const listed = await drain(engine, await engine.identity.enumerate());
    expect(listed.map(({ peerName }) => peerName.slice(41))).toEqual(['later']);
  });
});

describe('the default identity', () => {
  test('is made on demand, once, also when many ask at the same time', async () => {
    const first = await startEngine();
    const second = await startEngine({ dataDir: first.dataDir });
    const names = await Promise.all(
      Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? first : second).identity.getDefault()),
    );
    expect(new Set(names).size).toBe(1);
    expect(await drain(first, await first.identity.enumerate())).toHaveLength(1);
    const [name = ''] = names;
    expect(await first.identity.getXml(undefined)).toBe(await first.identity.getXml(name));
    await first.identity.delete(name);
    expect(await second.identity.getDefault()).not.toBe(name);
  });

  test('cannot be imported beside itself', async () => {
    const { identity } = await startEngine();
    const name = await identity.getDefault();
    const xml = await identity.export(name, secret('pw'));
    expect(await faultOf(identity.import(xml, secret('pw')))).toBe('PEER_E_ALREADY_EXISTS');
  });
});

test('setting and resetting the friendly name renews the certificate', async () => {
  const { identity } = await startEngine();
  const name = await identity.create({ friendlyName: 'one' });
  const before = certificateIn(await identity.getXml(name));
  await identity.setFriendlyName(name, 'two');
  const after = new X509Certificate(certificateIn(await identity.getXml(name)));
  expect(after.subject).toBe('CN=two');
  expect(after.serialNumber).not.toBe(new X509Certificate(before).serialNumber);
  await identity.setFriendlyName(name, '');
  expect(await identity.getFriendlyName(name)).toBe(name);
  await identity.setFriendlyName(name, 'three');
  await identity.setFriendlyName(name, undefined);
  expect(await identity.getFriendlyName(name)).toBe(name);
});

test('the key signs, stays inside and can be released', async () => {
  const { identity } = await startEngine();
  const name = await identity.create({});
  const key = await identity.getKey(name);
  const data = Buffer.from('some bytes');
  const publicKey = createPublicKey({ key: Buffer.from(key.publicKey), format: 'der', type: 'spki' });
  expect(verify(null, data, publicKey, await key.sign(data))).toBe(true);
  expect(JSON.stringify(Object.values(key))).not.toContain('PRIVATE');
  await key.release();
  await key.release();
  expect(await faultOf(key.sign(data))).toBe('E_HANDLE');
});

test('createPeerName only composes', async () => {
  const { identity } = await startEngine();
  const authority = '0123456789abcdef0123456789abcdef01234567';
  expect(await identity.createPeerName(`${authority}.old`, 'new')).toBe(`${authority}.new`);
  expect(await identity.createPeerName(`${authority}.old`, undefined)).toBe(`${authority}.`);
  expect(await identity.createPeerName(undefined, 'new')).toBe('0.new');
  expect(await faultOf(identity.createPeerName(undefined, undefined))).toBe('E_INVALIDARG');
  for (const bad of ['', authority, `${authority.toUpperCase()}.x`, 'x.y', `${authority}.\0`])
    expect(await faultOf(identity.createPeerName(bad, 'new'))).toBe('E_INVALIDARG');
});

test('an unknown or deleted identity is not found', async () => {
  const { identity } = await startEngine();
  const name = await identity.create({});
  await identity.delete(name);
  for (const call of [
    () => identity.delete(name),
    () => identity.getXml(name),
    () => identity.getKey('../../x'),
    () => identity.getFriendlyName(''),
    () => identity.setFriendlyName(name, 'x'),
    () => identity.enumerateGroups(name),
    () => identity.export(name, secret('pw')),
  ])
    expect(await faultOf(call())).toBe('PEER_E_NOT_FOUND');
});

test('listings hand out their items in portions and die when ended', async () => {
  const { identity, enumeration } = await startEngine();
  for (const classifier of ['a', 'b', 'c']) await identity.create({ classifier });
  const listing = await identity.enumerate();
  const other = await identity.enumerate();
  expect(listing).not.toBe(other);
  expect(await enumeration.itemCount(listing)).toBe(3);
  expect(await enumeration.nextItems(listing, 2)).toHaveLength(2);
  expect(await enumeration.nextItems(listing, 2)).toHaveLength(1);
  expect(await enumeration.nextItems(listing, 2)).toEqual([]);
  expect(await faultOf(enumeration.nextItems(listing, 0))).toBe('E_INVALIDARG');
  await enumeration.end(listing);
  expect(await faultOf(enumeration.end(listing))).toBe('E_INVALIDARG');
  expect(await faultOf(enumeration.nextItems(listing, 1))).toBe('E_INVALIDARG');
  expect(await faultOf(enumeration.itemCount(listing))).toBe('E_INVALIDARG');
  expect(await enumeration.itemCount(other)).toBe(3);
});

describe('damage on disk', () => {
  const flip = async (path: string): Promise<void> => {
    const bytes = await readFile(path);
    const middle = bytes.length >> 1;
    bytes[middle] = bytes[middle]! ^ 1;
    await writeFile(path, bytes);
  };
  const directoryOf = async (dataDir: string): Promise<string> => {
    const parent = join(dataDir, 'grouping', 'identities');
    const [entry = ''] = await readdir(parent);
    return join(parent, entry);
  };

  test('in a private key is named, and spares the other identities', async () => {
    const engine = await startEngine();
    const { identity } = engine;
    const broken = await identity.create({ friendlyName: 'broken' });
    await flip(join(await directoryOf(engine.dataDir), 'key.p8'));
    const sound = await identity.create({ friendlyName: 'sound' });
    expect(await faultOf(identity.setFriendlyName(broken, 'x'))).toBe('PEER_E_CERT_STORE_CORRUPTED');
    const exporting = () => identity.export(broken, secret('pw'));
    expect(await reasonOf(exporting())).toContain(broken);
    expect(await adviceOf(exporting())).toContain('import it again');
    expect(await identity.getFriendlyName(sound)).toBe('sound');
    await identity.delete(broken);
    expect(await drain(engine, await engine.identity.enumerate())).toHaveLength(1);
  });

  test('in a record is named, stays listed and is mended by a new friendly name', async () => {
    const engine = await startEngine();
    const { identity } = engine;
    const name = await identity.create({ friendlyName: 'one' });
    await flip(join(await directoryOf(engine.dataDir), 'identity.rec'));
    expect(await faultOf(identity.getXml(name))).toBe('PEER_E_CERT_STORE_CORRUPTED');
    expect(await reasonOf(identity.getFriendlyName(name))).toContain(name);
    expect(await adviceOf(identity.getFriendlyName(name))).toContain('Set the friendly name');
    expect(await drain(engine, await identity.enumerate())).toEqual([{ peerName: name, friendlyName: name }]);
    await identity.setFriendlyName(name, 'two');
    expect(await identity.getFriendlyName(name)).toBe('two');
  });

  test('in a name leaves the identity listed and usable, as its other files tell the name', async () => {
    const engine = await startEngine();
    const { identity } = engine;
    const ofDefault = await identity.getDefault();
    const defaultDirectory = await directoryOf(engine.dataDir);
    await truncate(join(defaultDirectory, 'name.rec'), 20);
    const named = await identity.create({ classifier: 'alice', friendlyName: 'Alice' });
    const other = (await readdir(join(defaultDirectory, '..'))).find((entry) => entry !== 'default')!;
    await truncate(join(defaultDirectory, '..', other, 'name.rec'), 20);
    expect(await drain(engine, await identity.enumerate())).toEqual(
      expect.arrayContaining([
        { peerName: ofDefault, friendlyName: ofDefault },
        { peerName: named, friendlyName: 'Alice' },
      ]),
    );
    expect(await identity.getDefault()).toBe(ofDefault);
    await rm(join(defaultDirectory, 'identity.rec'));
    expect(await identity.getDefault()).toBe(ofDefault);
    await identity.setFriendlyName(ofDefault, 'mended');
    expect(await identity.getFriendlyName(undefined)).toBe('mended');
  });

  test('in all that tells the name of the default identity gives no advice to destroy it', async () => {
    const { identity, dataDir } = await startEngine();
    await identity.getDefault();
    for (const file of ['name.rec', 'identity.rec', 'key.p8'])
      await truncate(join(await directoryOf(dataDir), file), 20);
    expect(await faultOf(identity.getDefault())).toBe('PEER_E_CERT_STORE_CORRUPTED');
    const advice = await adviceOf(identity.getDefault());
    expect(advice).toContain('Restore the files in grouping/identities/default');
    expect(advice).not.toContain('emove');
  });

  test.each<[string, (path: string) => Promise<unknown>]>([
    ['a file of more than 1 MiB', (path) => writeFile(path, Buffer.alloc(2_000_000))],
    ['a directory', async (path) => (await rm(path), mkdir(path))],
  ])('of %s in place of a file is told of that identity only', async (_what, damage) => {
    const engine = await startEngine();
    const { identity } = engine;
    const broken = await identity.create({});
    const directory = await directoryOf(engine.dataDir);
    const sound = await identity.create({});
    for (const file of ['identity.rec', 'key.p8']) await damage(join(directory, file));
    expect(await drain(engine, await identity.enumerate())).toHaveLength(2);
    expect(await faultOf(identity.getXml(broken))).toBe('PEER_E_CERT_STORE_CORRUPTED');
    expect(await faultOf(identity.getKey(broken))).toBe('PEER_E_CERT_STORE_CORRUPTED');
    await damage(join(directory, 'name.rec'));
    expect(await drain(engine, await identity.enumerate())).toEqual([
      { peerName: sound, friendlyName: sound },
    ]);
  });

  test('does not come from files and directories of somebody else', async () => {
    const engine = await startEngine();
    const { identity, grouping } = engine;
    const name = await identity.create({});
    const directory = await directoryOf(engine.dataDir);
    await grouping.create({ creatorPeerName: name });
    for (const parent of [join(directory, '..'), join(directory, 'groups')]) {
      await writeFile(join(parent, 'lost+found'), 'x');
      await mkdir(join(parent, '.DS_Store'));
    }
    expect(await drain(engine, await identity.enumerate())).toEqual([{ peerName: name, friendlyName: name }]);
    const [group, ...more] = await drain(engine, await identity.enumerateGroups(name));
    expect(more).toEqual([]);
    expect(await reasonOf(identity.delete(name))).toContain('delete them first');
    await grouping.delete(name, group!.peerName);
    expect(await faultOf(identity.delete(name))).toBe('PEER_E_GROUPS_EXIST');
    expect(await reasonOf(identity.delete(name))).toContain(join(directory, 'groups', 'lost+found'));
  });

  test('a missing key is noticed', async () => {
    const { identity, dataDir } = await startEngine();
    const name = await identity.create({});
    const directory = await directoryOf(dataDir);
    await writeFile(join(directory, 'key.p8'), '');
    expect(await faultOf(identity.getKey(name))).toBe('PEER_E_CERT_STORE_CORRUPTED');
  });
});

test('a data directory that cannot be made is a fault with its cause', async () => {
  const parent = await dataDirectory();
  const file = join(parent, 'file');
  await writeFile(file, '');
  const call = startEngine({ dataDir: file });
  await expect(call).rejects.toMatchObject({ name: 'DriverFault', cause: { code: 'ENOTDIR' } });
});
