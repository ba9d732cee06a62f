import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guidFromBytes, type FileTime, type SecretText } from '../../src/driver/index.js';
import { fromPeerAddress, toPeerAddress } from '../../src/native/address.js';
import { BadValue } from '../../src/native/check.js';
import { loadFfi } from '../../src/native/ffi.js';
import { Frame } from '../../src/native/frame.js';
import { PEER_ADDRESS, PEER_RECORD, SOCKADDR_IN6 } from '../../src/native/layouts.js';
import { Memory } from '../../src/native/memory.js';
import { decodePublicKey, encodePublicKey } from '../../src/native/spki.js';
import koffi from 'koffi';

const ffi = await loadFfi();
const frame = new Frame(ffi);
/** Reads by koffi, not by the driver's own call. */
const memory = new Memory({
  copyFrom: (address, destination) =>
    destination.set(koffi.decode(address, koffi.array('uint8_t', destination.length, 'Typed')) as Uint8Array),
  readText: (address) => ffi.readText(address),
  readNarrowText: (address) => ffi.readNarrowText(address),
});

const anyText = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'));
const anyGuid = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(guidFromBytes);
const anyTime = fc.bigInt({ min: 0n, max: 0x7fff_ffff_ffff_ffffn }).map((ticks) => ticks as FileTime);

describe('structures in native memory', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(
        fc.record({
          type: anyGuid,
          id: anyGuid,
          dwVersion: fc.integer({ min: 0, max: 0xffff_ffff }),
          pwzCreatorId: anyText,
          pwzAttributes: fc.option(anyText, { nil: undefined }),
          ftExpiration: anyTime,
        }),
        fc.uint8Array({ minLength: 1, maxLength: 100_000 }),
        (fields, data) => {
          const pbData = frame.bytes(data, 'data');
          const cell = frame.struct(PEER_RECORD, { ...fields, data: { cbData: data.length, pbData } });
          const back = memory.struct(cell.address, PEER_RECORD);
          expect(back).toMatchObject({ ...fields, dwSize: PEER_RECORD.size });
          expect(Buffer.compare(memory.bytes(back.data.pbData, back.data.cbData), data)).toBe(0);
          frame.release();
        },
      ),
    );
  });

  it.each([
    [{ dwVersion: -1 }, 'dwVersion'],
    [{ dwVersion: 1.5 }, 'dwVersion'],
    [{ dwVersion: '5' }, 'dwVersion'],
    [{ type: 'no GUID' }, 'type'],
    [{ ftExpiration: 5 }, 'ftExpiration'],
    [{ pwzCreatorId: 5 }, 'pwzCreatorId'],
    [{ pwzCreatorId: 'a\0b' }, 'pwzCreatorId'],
    [{ data: null }, 'data'],
    [{ data: { pbData: 5 } }, 'pbData'],
  ])('take nothing like %j, and name it', (fields, name) => {
    const write = (): unknown => frame.struct(PEER_RECORD, fields as object);
    expect(write).toThrow(BadValue);
    expect(write).toThrow(name);
    frame.release();
  });
});

describe('a secret', () => {
  it('is there for the call and gone with its frame', () => {
    const secret: SecretText = { use: (use) => use(Buffer.from('pässword', 'utf16le')) };
    const address = frame.secret(secret, 'password');
    const [cell] = frame.secrets;
    expect(memory.text(address)).toBe('pässword');
    expect((cell?.bytes.length ?? 1) % 16).toBe(0);
    frame.release();
    expect(cell?.bytes.every((byte) => byte === 0)).toBe(true);
  });
});

describe('addresses', () => {
  it.each([
    ['::1', '::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['fe80::1', 'fe80::1'],
    ['192.0.2.1', '::ffff:192.0.2.1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['::', '::'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ])('%s comes back as %s', (address, expected) => {
    const cell = frame.struct(PEER_ADDRESS, toPeerAddress({ address, port: 3587, scopeId: 7 }));
    expect(fromPeerAddress(memory.struct(cell.address, PEER_ADDRESS))).toEqual({
      address: expected,
      port: 3587,
      flowInfo: 0,
      scopeId: 7,
    });
    // Network order, behind the dwSize of PEER_ADDRESS.
    expect(cell.view.getUint16(4 + SOCKADDR_IN6.fields.sin6_port.offset, false)).toBe(3587);
    frame.release();
  });

  it.each(['', 'localhost', '1.2.3', 'fe80::1%eth0', '::g'])('%j is none', (address) => {
    expect(() => toPeerAddress({ address, port: 1 })).toThrow(BadValue);
  });
});

describe('public keys', () => {
  it.each([
    generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
    generateKeyPairSync('ed25519').publicKey,
  ])('are taken apart and put together as OpenSSL writes them', (key) => {
    const der = Uint8Array.from(key.export({ type: 'spki', format: 'der' }));
    const again = encodePublicKey(decodePublicKey(der));
    expect(again).toEqual(der);
    const parsed = createPublicKey({ key: Buffer.from(again), format: 'der', type: 'spki' });
    expect(parsed.equals(key)).toBe(true);
  });

  it('are refused when they are cut or something else', () => {
    const der = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' });
    for (let length = 0; length < der.length; length++)
      expect(() => decodePublicKey(der.subarray(0, length))).toThrow(BadValue);
  });
});
