import {
  WIN32_CODES,
  type DistributionDriver,
  type ReadRequest,
  type ReadResult,
  type SessionHandle,
  PEERDIST_CLIENT_INFO_BY_HANDLE_CLASS,
} from '../driver/index.js';
import * as check from './check.js';
import { MAX_BUFFER, succeeded, throwIfAborted } from './distribution-shared.js';
import { NativeFailure, Unsupported } from './failure.js';
import { NULL, u32In, u64In } from './frame.js';
import { PEERDIST_CLIENT_BASIC_INFO } from './layouts.js';
import { signalOf, type MakeMember } from './members.js';
import type { Native } from './native.js';
import type { Completion } from './completion.js';
import { room } from './p2p.js';
import type { Sessions } from './session.js';

const { ERROR_SUCCESS, ERROR_TIMEOUT, PEERDIST_ERROR_MISSING_DATA, PEERDIST_ERROR_NO_MORE } = WIN32_CODES;
const PEERDIST_READ_TIMEOUT_DEFAULT = 0xffff_fffe;
const TAG_BYTES = 16;

const contentTag = (value: Uint8Array): Uint8Array => {
  const tag = check.bytes(value, 'tag');
  if (tag.length !== TAG_BYTES) throw new check.BadValue('tag', `exactly ${TAG_BYTES} bytes`);
  return tag;
};

/** What a read is started with. The default of the service is one below the largest number. */
const readPlan = (request: ReadRequest): { readonly room: number; readonly timeout: number } => {
  const { maxBytes, timeoutMs } = check.object(request, 'request');
  const timeout = timeoutMs === undefined ? PEERDIST_READ_TIMEOUT_DEFAULT : check.u32(timeoutMs, 'timeoutMs');
  return { room: Math.min(check.u32(maxBytes, 'maxBytes'), MAX_BUFFER), timeout };
};

const readResult = (
  name: string,
  wanted: number,
  { code, transferred, offset, bytes }: Completion,
): ReadResult => {
  const at = Number(offset);
  switch (code) {
    case ERROR_SUCCESS:
      return wanted === 0
        ? { _tag: 'Available', offset: at, length: transferred }
        : { _tag: 'Data', offset: at, bytes };
    case PEERDIST_ERROR_MISSING_DATA:
      return { _tag: 'Missing', offset: at, length: transferred, cause: 'missing' };
    case ERROR_TIMEOUT:
      return { _tag: 'Missing', offset: at, length: transferred, cause: 'timeout' };
    case PEERDIST_ERROR_NO_MORE:
      return { _tag: 'End' };
    default:
      throw new NativeFailure(code, name);
  }
};

type Members =
  | 'openContent'
  | 'addContentInformation'
  | 'completeContentInformation'
  | 'streamRead'
  | 'blockRead'
  | 'addData'
  | 'fillFile'
  | 'finishFile'
  | 'closeContent'
  | 'cancelContent'
  | 'flush'
  | 'getContentBasicInfo';

/** Downloading by content information. */
export const clientMembers = (member: MakeMember, sessions: Sessions): Pick<DistributionDriver, Members> => {
  const cancelReading =
    (session: SessionHandle, content: bigint) =>
    (native: Native, overlapped: bigint): void => {
      native.code('PeerDistClientCancelAsyncOperation', session, content, overlapped);
    };

  return {
    openContent: member('openContent', ({ native }, handle, options, call) => {
      throwIfAborted(signalOf(call));
      const session = sessions.get(handle);
      const { tag, peers, suppliers } = check.object(options, 'options');
      if (peers !== undefined && check.list(peers, 'peers').length > 0) {
        throw new Unsupported('Windows finds the peers by itself and cannot be told of others');
      }
      if (suppliers !== undefined) {
        throw new Unsupported('Windows asks peers or a hosted cache as the machine is configured');
      }
      return native.frame((frame) => {
        const content = room(frame);
        const address = frame.bytes(contentTag(tag), 'tag');
        native.win32('PeerDistClientOpenContent', handle, address, NULL, 0n, content.address);
        return session.contents.add(u64In(content), undefined);
      });
    }),

    addContentInformation: member('addContentInformation', async (_, handle, content, bytes, call) => {
      const session = sessions.get(handle);
      session.contents.get(content);
      const input = check.bytes(bytes, 'bytes');
      const start = (native: Native, overlapped: bigint, buffer: bigint): number =>
        native.code('PeerDistClientAddContentInformation', handle, content, input.length, buffer, overlapped);
      succeeded(
        'PeerDistClientAddContentInformation',
        await session.operations.run({ start, input }, signalOf(call), cancelReading(handle, content)),
      );
    }),

    completeContentInformation: member('completeContentInformation', async (_, handle, content, call) => {
      const session = sessions.get(handle);
      session.contents.get(content);
      const start = (native: Native, overlapped: bigint): number =>
        native.code('PeerDistClientCompleteContentInformation', handle, content, overlapped);
      succeeded(
        'PeerDistClientCompleteContentInformation',
        await session.operations.run({ start }, signalOf(call), cancelReading(handle, content)),
      );
    }),

    streamRead: member('streamRead', async (_, handle, content, request, call) => {
      const session = sessions.get(handle);
      session.contents.get(content);
      const plan = readPlan(request);
      const start = (native: Native, overlapped: bigint, buffer: bigint): number =>
        native.code('PeerDistClientStreamRead', handle, content, plan.room, buffer, plan.timeout, overlapped);
      const finished = await session.operations.run(
        { start, room: plan.room },
        signalOf(call),
        cancelReading(handle, content),
      );
      return readResult('PeerDistClientStreamRead', plan.room, finished);
    }),

    blockRead: member('blockRead', async (_, handle, content, at, request, call) => {
      const session = sessions.get(handle);
      session.contents.get(content);
      const plan = readPlan(request);
      const offset = check.size(at, 'offset');
      const start = (native: Native, overlapped: bigint, buffer: bigint): number =>
        native.code('PeerDistClientBlockRead', handle, content, plan.room, buffer, plan.timeout, overlapped);
      const finished = await session.operations.run(
        { start, room: plan.room, offset },
        signalOf(call),
        cancelReading(handle, content),
      );
      return readResult('PeerDistClientBlockRead', plan.room, finished);
    }),

    addData: member('addData', async (_, handle, content, at, data, call) => {
      const session = sessions.get(handle);
      session.contents.get(content);
      const input = check.bytes(data, 'data');
      const offset = check.size(at, 'offset');
      const start = (native: Native, overlapped: bigint, buffer: bigint): number =>
        native.code('PeerDistClientAddData', handle, content, input.length, buffer, overlapped);
      succeeded(
        'PeerDistClientAddData',
        await session.operations.run(
          { start, input, offset },
          signalOf(call),
          cancelReading(handle, content),
        ),
      );
    }),

    closeContent: member('closeContent', ({ native }, handle, content) => {
      const session = sessions.get(handle);
      session.contents.take(content);
      native.win32('PeerDistClientCloseContent', handle, content);
    }),

    cancelContent: member('cancelContent', ({ native }, handle, content) => {
      const session = sessions.get(handle);
      session.contents.get(content);
      const code = native.code('PeerDistClientCancelAsyncOperation', handle, content, NULL);
      const nothingPending = code === WIN32_CODES.PEERDIST_ERROR_OPERATION_NOTFOUND;
      if (code !== ERROR_SUCCESS && !nothingPending) {
        throw new NativeFailure(code, 'PeerDistClientCancelAsyncOperation');
      }
      session.operations.settle();
    }),

    fillFile: member('fillFile', () => {
      throw new Unsupported('BranchCache writes no files; write what is read');
    }),

    finishFile: member('finishFile', () => {
      throw new Unsupported('BranchCache writes no files');
    }),

    flush: member('flush', async (_, handle, given, call) => {
      const session = sessions.get(handle);
      const tag = Uint8Array.from(contentTag(given));
      // The tag lies in the block of the operation, for as long as that runs.
      const start = (native: Native, overlapped: bigint, buffer: bigint): number =>
        native.code('PeerDistClientFlushContent', handle, buffer, NULL, 0n, overlapped);
      succeeded(
        'PeerDistClientFlushContent',
        // There is no way to cancel it: it goes on by itself.
        await session.operations.run({ start, input: tag }, signalOf(call), () => undefined),
      );
    }),

    getContentBasicInfo: member('getContentBasicInfo', ({ native }, handle, content) => {
      const session = sessions.get(handle);
      session.contents.get(content);
      return native.frame((frame) => {
        const info = frame.reserve(PEERDIST_CLIENT_BASIC_INFO.size);
        native.win32(
          'PeerDistClientGetInformationByHandle',
          handle,
          content,
          PEERDIST_CLIENT_INFO_BY_HANDLE_CLASS.PeerDistClientBasicInfo,
          info.bytes.length,
          info.address,
        );
        return { flashCrowd: u32In(info) !== 0 };
      });
    }),
  };
};
