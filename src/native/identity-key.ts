import type { IdentityKey } from '../driver/index.js';
import * as check from './check.js';
import { readPublicKey } from './credential.js';
import { faultFrom, Refusal } from './failure.js';
import { NULL, u32In, u64In } from './frame.js';
import type { Native } from './native.js';
import { room } from './p2p.js';

const AT_KEYEXCHANGE = 1;
const X509_ASN_ENCODING = 1;
const CALG_SHA_256 = 0x800c;

const publicKeyOf = (native: Native, provider: bigint): Uint8Array =>
  native.frame((frame) => {
    const size = frame.reserve(4);
    native.bool('CryptExportPublicKeyInfo', provider, AT_KEYEXCHANGE, X509_ASN_ENCODING, NULL, size.address);
    const info = frame.reserve(u32In(size));
    native.bool(
      'CryptExportPublicKeyInfo',
      provider,
      AT_KEYEXCHANGE,
      X509_ASN_ENCODING,
      info.address,
      size.address,
    );
    return readPublicKey(native.memory, info.address) ?? new Uint8Array(0);
  });

/** RSA with SHA-256 and PKCS #1 padding. CryptoAPI writes the number with its lowest byte first, everybody else not. */
const sign = (native: Native, provider: bigint, data: Uint8Array): Uint8Array =>
  native.frame((frame) => {
    const handle = room(frame);
    native.bool('CryptCreateHash', provider, CALG_SHA_256, 0n, 0, handle.address);
    const hash = u64In(handle);
    try {
      const signed = check.bytes(data, 'data');
      native.bool('CryptHashData', hash, frame.bytes(signed, 'data'), signed.length, 0);
      const size = frame.reserve(4);
      native.bool('CryptSignHashW', hash, AT_KEYEXCHANGE, NULL, 0, NULL, size.address);
      const signature = frame.reserve(u32In(size));
      native.bool('CryptSignHashW', hash, AT_KEYEXCHANGE, NULL, 0, signature.address, size.address);
      return Uint8Array.from(signature.bytes.subarray(0, u32In(size))).reverse();
    } finally {
      native.plain('CryptDestroyHash', hash);
    }
  });

/** PeerIdentityGetCryptKey: the key stays in its container, it is used through CryptoAPI. */
export const openIdentityKey = (native: Native, identity: string | undefined): IdentityKey => {
  const provider = native.frame((frame) => {
    const handle = room(frame);
    native.hresult('PeerIdentityGetCryptKey', frame.text(identity, 'identity'), handle.address);
    return u64In(handle);
  });
  let released = false;
  const release = (): void => {
    if (released) return;
    released = true;
    native.plain('CryptReleaseContext', provider, 0);
  };

  try {
    const publicKey = publicKeyOf(native, provider);
    return {
      algorithm: 'rsa',
      publicKey,
      sign: async (data) => {
        try {
          if (released) throw new Refusal('E_HANDLE', 'the key was released');
          return sign(native, provider, data);
        } catch (error) {
          throw faultFrom('hresult', 'identity.getKey.sign', error);
        }
      },
      release: async () => release(),
    };
  } catch (error) {
    release();
    throw error;
  }
};
