import { functionsOf, i32, inout, maybe, maybeU64, out, pointer, u32, u64 } from './signature.js';

const number = functionsOf('kernel32', 'number');
const bool = functionsOf('kernel32', 'bool');
const handle = functionsOf('kernel32', 'handle');
const nothing = functionsOf('kernel32', 'void');
const crypt32 = functionsOf('crypt32', 'bool');

/** What of Windows itself stands around the two APIs: events, waiting, completion ports, memory. */
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
} as const;
