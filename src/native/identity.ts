import { createPrivateKey } from 'node:crypto';
import type { IdentityDriver, NamePair } from '../driver/index.js';
import * as check from './check.js';
import { Unsupported } from './failure.js';
import { NULL, type Frame } from './frame.js';
import { openIdentityKey } from './identity-key.js';
import { PEER_NAME_PAIR } from './layouts.js';
import { abortable, membersOf, signalOf, type LoadRuntime } from './members.js';
import type { Native } from './native.js';
import { identityOrDefault, openListing, room, takeText, textFrom } from './p2p.js';
import type { PeerState } from './state.js';

const readNamePair = ({ memory }: Native, address: bigint): NamePair => {
  const pair = memory.struct(address, PEER_NAME_PAIR);
  return { peerName: pair.pwzPeerName ?? '', friendlyName: pair.pwzFriendlyName ?? '' };
};

const checkKey = (pkcs8: Uint8Array): void => {
  try {
    createPrivateKey({ key: Buffer.from(check.bytes(pkcs8, 'privateKey')), format: 'der', type: 'pkcs8' });
  } catch {
    throw new check.BadValue('privateKey', 'a private key, PKCS#8 in DER');
  }
};

/** The identity family by P2P.dll. */
export const createIdentity = (load: LoadRuntime, state: PeerState): IdentityDriver => {
  const member = membersOf('identity', 'hresult', load);

  /** Runs a slow function that answers a text. */
  const slowText = (
    native: Native,
    signal: AbortSignal | undefined,
    call: (frame: Frame, out: bigint) => Promise<unknown>,
    discard: (late: string) => void = () => undefined,
  ): Promise<string> => {
    const work = (): Promise<string> =>
      native.frameOnThread(async (frame) => {
        const text = room(frame);
        await call(frame, text.address);
        return takeText(native, text);
      });
    return abortable(signal, work, discard);
  };

  return {
    create: member('create', ({ native }, creation, call) => {
      const { classifier, friendlyName, privateKey } = check.object(creation, 'creation');
      if (privateKey !== undefined) {
        checkKey(privateKey);
        throw new Unsupported(
          'Windows takes a key from a CryptoAPI container, not from bytes; leave privateKey out and it makes one',
        );
      }
      return slowText(
        native,
        signalOf(call),
        (frame, out) =>
          native.slowHresult(
            frame,
            'PeerIdentityCreate',
            frame.text(classifier, 'classifier'),
            frame.text(friendlyName, 'friendlyName'),
            0n,
            out,
          ),
        // Nobody would ever hear of this identity: it does not stay on the disk.
        (late) => native.frame((frame) => native.hresult('PeerIdentityDelete', frame.text(late, 'identity'))),
      );
    }),

    delete: member('delete', ({ native }, identity) => {
      native.frame((frame) =>
        native.hresult('PeerIdentityDelete', frame.text(check.text(identity, 'identity'), 'identity')),
      );
    }),

    getDefault: member('getDefault', ({ native }) =>
      textFrom(native, (_, out) => native.hresult('PeerIdentityGetDefault', out)),
    ),

    enumerate: member('enumerate', ({ native }) =>
      openListing<NamePair>(native, state, readNamePair, (_, out) =>
        native.hresult('PeerEnumIdentities', out),
      ),
    ),

    enumerateGroups: member('enumerateGroups', ({ native }, identity) => {
      const name = identityOrDefault(native, identity);
      return openListing<NamePair>(native, state, readNamePair, (frame, out) =>
        native.hresult('PeerEnumGroups', frame.text(name, 'identity'), out),
      );
    }),

    getFriendlyName: member('getFriendlyName', ({ native }, identity) =>
      textFrom(native, (frame, out) =>
        native.hresult('PeerIdentityGetFriendlyName', frame.text(identity, 'identity'), out),
      ),
    ),

    setFriendlyName: member('setFriendlyName', ({ native }, identity, friendlyName) => {
      native.frame((frame) =>
        native.hresult(
          'PeerIdentitySetFriendlyName',
          frame.text(identity, 'identity'),
          frame.text(friendlyName, 'friendlyName'),
        ),
      );
    }),

    getKey: member('getKey', ({ native }, identity) => openIdentityKey(native, identity)),

    getXml: member('getXml', ({ native }, identity) =>
      textFrom(native, (frame, out) =>
        native.hresult('PeerIdentityGetXML', frame.text(identity, 'identity'), out),
      ),
    ),

    export: member('export', ({ native }, identity, password, call) =>
      slowText(native, signalOf(call), (frame, out) =>
        native.slowHresult(
          frame,
          'PeerIdentityExport',
          frame.text(check.text(identity, 'identity'), 'identity'),
          frame.secret(password, 'password'),
          out,
        ),
      ),
    ),

    import: member('import', ({ native }, xml, password, call) =>
      slowText(native, signalOf(call), (frame, out) =>
        native.slowHresult(
          frame,
          'PeerIdentityImport',
          frame.text(check.text(xml, 'xml'), 'xml'),
          frame.secret(password, 'password'),
          out,
        ),
      ),
    ),

    createPeerName: member('createPeerName', ({ native }, identity, classifier) => {
      if (identity === undefined && classifier === undefined) {
        throw new check.BadValue('identity and classifier', 'present, at least one of them');
      }
      return textFrom(native, (frame, out) =>
        native.hresult(
          'PeerCreatePeerName',
          frame.text(identity, 'identity'),
          classifier === undefined ? NULL : frame.text(classifier, 'classifier'),
          out,
        ),
      );
    }),
  };
};
