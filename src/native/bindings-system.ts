import { functionsOf, i32, inout, maybe, maybeOut, maybeU64, out, pointer, u32, u64 } from './signature.js';

const number = functionsOf('kernel32', 'number');
const bool = functionsOf('kernel32', 'bool');
const handle = functionsOf('kernel32', 'handle');
const nothing = functionsOf('kernel32', 'void');
const crypt32 = functionsOf('crypt32', 'bool');
const advapi32 = functionsOf('advapi32', 'bool');

/** What of Windows itself stands around the two APIs: events, waiting, completion ports, memory, keys. */
export const SYSTEM = {
  CreateEventW: handle(
    maybe('lpEventAttributes'),
    i32('bManualReset'),
    i32('bInitialState'),
    maybe('lpName'),
  ),
  SetEvent: bool(pointer('hEvent')),
  CloseHandle: bool(pointer('hObject')),
  WaitForSingleObject: number(pointer('hHandle'), u32('dwMilliseconds')),
  WaitForMultipleObjects: number(u32('nCount'), pointer('lpHandles'), i32('bWaitAll'), u32('dwMilliseconds')),
  CreateIoCompletionPort: handle(
    pointer('FileHandle'),
    maybe('ExistingCompletionPort'),
    maybeU64('CompletionKey'),
    u32('NumberOfConcurrentThreads'),
  ),
  GetQueuedCompletionStatusEx: bool(
    pointer('CompletionPort'),
    out('lpCompletionPortEntries'),
    u32('ulCount'),
    out('ulNumEntriesRemoved'),
    u32('dwMilliseconds'),
    i32('fAlertable'),
  ),
  GetOverlappedResult: bool(
    maybe('hFile'),
    inout('lpOverlapped'),
    out('lpNumberOfBytesTransferred'),
    i32('bWait'),
  ),
  GetLastError: number(),
  /** Copies between the memory of a DLL and ours. */
  RtlMoveMemory: nothing(out('Destination'), pointer('Source'), u64('Length')),
  CryptProtectMemory: crypt32(inout('pDataIn'), u32('cbDataIn'), u32('dwFlags')),
  CryptUnprotectMemory: crypt32(inout('pDataIn'), u32('cbDataIn'), u32('dwFlags')),
  CryptExportPublicKeyInfo: crypt32(
    u64('hCryptProv'),
    u32('dwKeySpec'),
    u32('dwCertEncodingType'),
    maybeOut('pInfo'),
    inout('pcbInfo'),
  ),
  CryptCreateHash: advapi32(u64('hProv'), u32('Algid'), maybeU64('hKey'), u32('dwFlags'), out('phHash')),
  CryptHashData: advapi32(u64('hHash'), pointer('pbData'), u32('dwDataLen'), u32('dwFlags')),
  CryptSignHashW: advapi32(
    u64('hHash'),
    u32('dwKeySpec'),
    maybe('szDescription'),
    u32('dwFlags'),
    maybeOut('pbSignature'),
    inout('pdwSigLen'),
  ),
  CryptDestroyHash: advapi32(u64('hHash')),
  CryptReleaseContext: advapi32(u64('hProv'), u32('dwFlags')),
} as const;
