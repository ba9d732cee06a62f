import { WIN32_CODES, type DistributionDriver, type SessionHandle } from '../driver/index.js';
import * as check from './check.js';
import { NativeFailure, Unsupported } from './failure.js';
import { NULL, u64In } from './frame.js';
import { PEERDIST_PUBLICATION_OPTIONS, PEERDIST_RETRIEVAL_OPTIONS } from './layouts.js';
import { signalOf, type MakeMember } from './members.js';
import type { Native } from './native.js';
import type { Completion } from './completion.js';
import { room } from './p2p.js';
import { MAX_BUFFER, succeeded, throwIfAborted } from './distribution-shared.js';
import type { Published, Sessions } from './session.js';

const { PEERDIST_ERROR_NO_MORE } = WIN32_CODES;

// To the end of the content.
const WHOLE = 0n;

const contentId = (value: Uint8Array): Uint8Array => {
  // Copied, as operations on its handles are cancelled by it later.
  const id = Uint8Array.from(check.bytes(value, 'contentId'));
  if (id.length === 0) throw new check.BadValue('contentId', 'at least one byte');
  return id;
};

const contentVersion = (value: unknown, what: string): number => {
  if (value !== 1 && value !== 2) throw new check.BadValue(what, '1 or 2');
  return value;
};

const cancelPublishing =
  (session: SessionHandle, { contentId: id }: Published) =>
  (native: Native, overlapped: bigint): void => {
    native.frame((frame) =>
      native.code(
        'PeerDistServerCancelAsyncOperation',
        session,
        id.length,
        frame.bytes(id, 'contentId'),
        overlapped,
      ),
    );
  };

type Members =
  | 'publishStream'
  | 'addToStream'
  | 'addFromSource'
  | 'completeStream'
  | 'closeStream'
  | 'unpublish'
  | 'openContentInformation'
  | 'retrieveContentInformation'
  | 'closeContentInformation';

/** Publishing content and handing out its content information. */
export const serverMembers = (member: MakeMember, sessions: Sessions): Pick<DistributionDriver, Members> => ({
  publishStream: member('publishStream', ({ native }, handle, options, call) => {
    throwIfAborted(signalOf(call));
    const session = sessions.get(handle);
    const { contentId: given, length, version, segmentation } = check.object(options, 'options');
    const id = contentId(given);
    if (segmentation !== undefined)
      throw new Unsupported('Windows cuts content by itself and cannot be told how');
    return native.frame((frame) => {
      const stream = room(frame);
      native.win32(
        'PeerDistServerPublishStream',
        handle,
        id.length,
        frame.bytes(id, 'contentId'),
        length === undefined ? 0n : check.size(length, 'length'),
        version === undefined
          ? NULL
          : frame.struct(PEERDIST_PUBLICATION_OPTIONS, { dwVersion: contentVersion(version, 'version') })
              .address,
        NULL,
        0n,
        stream.address,
      );
      return session.streams.add(u64In(stream), { contentId: id });
    });
  }),

  addToStream: member('addToStream', async (_, handle, stream, data, call) => {
    const session = sessions.get(handle);
    const published = session.streams.get(stream);
    const input = check.bytes(data, 'data');
    const start = (native: Native, overlapped: bigint, buffer: bigint): number =>
      native.code('PeerDistServerPublishAddToStream', handle, stream, input.length, buffer, overlapped);
    succeeded(
      'PeerDistServerPublishAddToStream',
      await session.operations.run({ start, input }, signalOf(call), cancelPublishing(handle, published)),
    );
  }),

  addFromSource: member('addFromSource', () => {
    throw new Unsupported('BranchCache reads no files; add the bytes');
  }),

  completeStream: member('completeStream', async (_, handle, stream, call) => {
    const session = sessions.get(handle);
    const published = session.streams.get(stream);
    const start = (native: Native, overlapped: bigint): number =>
      native.code('PeerDistServerPublishCompleteStream', handle, stream, overlapped);
    succeeded(
      'PeerDistServerPublishCompleteStream',
      await session.operations.run({ start }, signalOf(call), cancelPublishing(handle, published)),
    );
  }),

  closeStream: member('closeStream', ({ native }, handle, stream) => {
    const session = sessions.get(handle);
    session.streams.take(stream);
    native.win32('PeerDistServerCloseStreamHandle', handle, stream);
  }),

  unpublish: member('unpublish', ({ native }, handle, given) => {
    sessions.get(handle);
    const id = contentId(given);
    native.frame((frame) =>
      native.win32('PeerDistServerUnpublish', handle, id.length, frame.bytes(id, 'contentId')),
    );
  }),

  openContentInformation: member('openContentInformation', ({ native }, handle, query, call) => {
    throwIfAborted(signalOf(call));
    const session = sessions.get(handle);
    const { contentId: given, offset, length, minVersion, maxVersion } = check.object(query, 'query');
    const id = contentId(given);
    const from = offset === undefined ? 0n : check.size(offset, 'offset');
    const size = length === undefined ? WHOLE : check.size(length, 'length');
    const oldest = contentVersion(minVersion ?? 1, 'minVersion');
    const newest = contentVersion(maxVersion ?? 2, 'maxVersion');
    // Without the function of Windows 8 there is only content information of version 1.
    const anyVersion = minVersion === undefined && maxVersion === undefined;
    const byDefault = anyVersion || (oldest === 1 && !native.has('PeerDistServerOpenContentInformationEx'));
    return native.frame((frame) => {
      const information = room(frame);
      const where = [handle, id.length, frame.bytes(id, 'contentId'), from, size] as const;
      if (byDefault) {
        native.win32('PeerDistServerOpenContentInformation', ...where, NULL, 0n, information.address);
      } else {
        const { address: options } = frame.struct(PEERDIST_RETRIEVAL_OPTIONS, {
          dwContentInfoMinVersion: oldest,
          dwContentInfoMaxVersion: newest,
        });
        const out = information.address;
        native.win32('PeerDistServerOpenContentInformationEx', ...where, options, NULL, 0n, out);
      }
      return session.informations.add(u64In(information), { contentId: id });
    });
  }),

  retrieveContentInformation: member(
    'retrieveContentInformation',
    async (_, handle, information, maxBytes, call) => {
      const session = sessions.get(handle);
      const published = session.informations.get(information);
      const wanted = Math.min(check.u32(maxBytes, 'maxBytes'), MAX_BUFFER);
      if (wanted === 0) throw new check.BadValue('maxBytes', 'at least 1');
      const start = (native: Native, overlapped: bigint, buffer: bigint): number =>
        native.code(
          'PeerDistServerRetrieveContentInformation',
          handle,
          information,
          wanted,
          buffer,
          overlapped,
        );
      return retrieved(
        await session.operations.run(
          { start, room: wanted },
          signalOf(call),
          cancelPublishing(handle, published),
        ),
      );
    },
  ),

  closeContentInformation: member('closeContentInformation', ({ native }, handle, information) => {
    const session = sessions.get(handle);
    session.informations.take(information);
    native.win32('PeerDistServerCloseContentInformation', handle, information);
  }),
});

const retrieved = ({ code, bytes }: Completion): Uint8Array => {
  if (code === PEERDIST_ERROR_NO_MORE) return new Uint8Array(0);
  if (code !== WIN32_CODES.ERROR_SUCCESS)
    throw new NativeFailure(code, 'PeerDistServerRetrieveContentInformation');
  return bytes;
};
