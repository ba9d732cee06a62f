import { functionsOf, i32, inout, maybe, maybeOut, maybeU64, out, pointer, u32, u64 } from './signature.js';

const win32 = functionsOf('peerdist', 'win32');
const bool = functionsOf('peerdist', 'bool');

const session = pointer('hPeerDist');
const port = [maybe('hCompletionPort'), maybeU64('ulCompletionKey')] as const;
const contentId = [u32('cbContentIdentifier'), pointer('pContentIdentifier')] as const;
const overlapped = inout('lpOverlapped');

/** The 8 functions that servers and clients of Peer Distribution share. */
export const DISTRIBUTION = {
  PeerDistStartup: win32(u32('dwVersionRequested'), out('phPeerDist'), maybeOut('pdwSupportedVersion')),
  PeerDistShutdown: win32(session),
  PeerDistGetStatus: win32(session, out('pPeerDistStatus')),
  PeerDistRegisterForStatusChangeNotification: win32(session, ...port, overlapped, out('pPeerDistStatus')),
  PeerDistUnregisterForStatusChangeNotification: win32(session),
  PeerDistGetStatusEx: win32(session, inout('pPeerDistStatus')),
  PeerDistRegisterForStatusChangeNotificationEx: win32(
    session,
    ...port,
    overlapped,
    inout('pPeerDistStatus'),
  ),
  PeerDistGetOverlappedResult: bool(overlapped, out('lpNumberOfBytesTransferred'), i32('bWait')),
} as const;

/** The 10 functions of a publishing server. */
export const DISTRIBUTION_SERVER = {
  PeerDistServerPublishStream: win32(
    session,
    ...contentId,
    u64('cbContentLength'),
    maybe('pPublishOptions'),
    ...port,
    out('phStream'),
  ),
  PeerDistServerPublishAddToStream: win32(
    session,
    pointer('hStream'),
    u32('cbNumberOfBytes'),
    pointer('pBuffer'),
    overlapped,
  ),
  PeerDistServerPublishCompleteStream: win32(session, pointer('hStream'), overlapped),
  PeerDistServerCloseStreamHandle: win32(session, pointer('hStream')),
  PeerDistServerUnpublish: win32(session, ...contentId),
  PeerDistServerOpenContentInformation: win32(
    session,
    ...contentId,
    u64('ullContentOffset'),
    u64('cbContentLength'),
    ...port,
    out('phContentInfo'),
  ),
  PeerDistServerRetrieveContentInformation: win32(
    session,
    pointer('hContentInfo'),
    u32('cbMaxNumberOfBytes'),
    out('pBuffer'),
    overlapped,
  ),
  PeerDistServerCloseContentInformation: win32(session, pointer('hContentInfo')),
  PeerDistServerCancelAsyncOperation: win32(session, ...contentId, pointer('pOverlapped')),
  PeerDistServerOpenContentInformationEx: win32(
    session,
    ...contentId,
    u64('ullContentOffset'),
    u64('cbContentLength'),
    pointer('pRetrievalOptions'),
    ...port,
    out('phContentInfo'),
  ),
} as const;

/** The 10 functions of a downloading client. */
export const DISTRIBUTION_CLIENT = {
  PeerDistClientOpenContent: win32(session, pointer('pContentTag'), ...port, out('phContentHandle')),
  PeerDistClientCloseContent: win32(session, pointer('hContentHandle')),
  PeerDistClientAddContentInformation: win32(
    session,
    pointer('hContentHandle'),
    u32('cbNumberOfBytes'),
    pointer('pBuffer'),
    overlapped,
  ),
  PeerDistClientCompleteContentInformation: win32(session, pointer('hContentHandle'), overlapped),
  PeerDistClientAddData: win32(
    session,
    pointer('hContentHandle'),
    u32('cbNumberOfBytes'),
    pointer('pBuffer'),
    overlapped,
  ),
  PeerDistClientBlockRead: win32(
    session,
    pointer('hContentHandle'),
    u32('cbMaxNumberOfBytes'),
    maybeOut('pBuffer'),
    u32('dwTimeoutInMilliseconds'),
    overlapped,
  ),
  PeerDistClientStreamRead: win32(
    session,
    pointer('hContentHandle'),
    u32('cbMaxNumberOfBytes'),
    maybeOut('pBuffer'),
    u32('dwTimeoutInMilliseconds'),
    overlapped,
  ),
  PeerDistClientFlushContent: win32(session, pointer('pContentTag'), ...port, overlapped),
  PeerDistClientCancelAsyncOperation: win32(session, pointer('hContentHandle'), maybe('pOverlapped')),
  PeerDistClientGetInformationByHandle: win32(
    session,
    pointer('hContentHandle'),
    i32('PeerDistClientInfoClass'),
    u32('dwBufferSize'),
    out('lpInformation'),
  ),
} as const;
