import { means, type ErrorMeaning } from './error-meaning.js';

/** General HRESULTs and Win32 codes. */
export const SYSTEM_ERRORS = {
  // HRESULTs
  E_INVALIDARG: means(
    'BadArgument',
    'an argument is not valid',
    'Check the arguments against the documentation of the call; a handle of it may also be closed.',
  ),
  E_OUTOFMEMORY: means('System', 'there is not enough memory', 'Free memory and try again.'),
  E_UNEXPECTED: means(
    'System',
    'the system is in a state that it does not expect',
    'Check that every start has one shutdown; restart the peer networking services if it stays.',
  ),
  E_ACCESSDENIED: means('AccessDenied', 'permission was refused', 'Run as a user who may do this.'),
  E_HANDLE: means('HandleClosed', 'the handle is not open', 'Open it again.'),
  E_FAIL: means(
    'System',
    'the system failed without saying why',
    'Try again; look into the event log if it stays.',
  ),
  E_NOTIMPL: means(
    'Unsupported',
    'this driver cannot do that',
    'Choose another driver; `peerweave doctor` shows what each one can do here.',
  ),
  // Win32 codes
  ERROR_FILE_NOT_FOUND: means('NotFound', 'the file does not exist', 'Check the path.'),
  ERROR_ACCESS_DENIED: means(
    'AccessDenied',
    'permission was refused',
    'Check the permissions of the user on the file, key or service.',
  ),
  ERROR_INVALID_HANDLE: means(
    'HandleClosed',
    'the handle is not open',
    'Open it again; it was closed or its session was shut down.',
  ),
  ERROR_NOT_ENOUGH_MEMORY: means('System', 'there is not enough memory', 'Free memory and try again.'),
  ERROR_INVALID_DATA: means('Protocol', 'the data are damaged', 'Get them again from where they came from.'),
  ERROR_WRITE_PROTECT: means(
    'AccessDenied',
    'the disk is write-protected',
    'Choose a data directory on a disk that can be written.',
  ),
  ERROR_NOT_SUPPORTED: means(
    'Unsupported',
    'this driver cannot do that',
    'Choose another driver; `peerweave doctor` shows what each one can do here.',
  ),
  ERROR_INVALID_PARAMETER: means(
    'BadArgument',
    'an argument is not valid',
    'Check the arguments against the documentation of the call, and that no second registration is active in the session.',
  ),
  ERROR_DISK_FULL: means('System', 'the disk is full', 'Free disk space and try again.'),
  ERROR_INSUFFICIENT_BUFFER: means('BadArgument', 'the buffer is too small', 'Allow more bytes.'),
  ERROR_MOD_NOT_FOUND: means(
    'Unsupported',
    'the DLL is missing on this system',
    'Install the Windows feature, or use the embedded engine.',
  ),
  ERROR_PROC_NOT_FOUND: means(
    'Unsupported',
    'the DLL of this system lacks the function',
    'Use a later version of Windows, or the embedded engine.',
  ),
  ERROR_ALREADY_EXISTS: means('AlreadyExists', 'it exists already', 'Use what is there, or remove it first.'),
  WAIT_TIMEOUT: means(
    'Timeout',
    'the wait took too long',
    'Try again, with a longer time limit if the machine is slow.',
  ),
  ERROR_NO_MORE_ITEMS: means(
    'NotFound',
    'there are no more items',
    'Stop reading; this is the end of the listing.',
  ),
  ERROR_DELETE_PENDING: means(
    'NotReady',
    'the identity is being deleted',
    'Use another identity, or create it again once it is gone.',
  ),
  ERROR_ABANDONED_WAIT_0: means(
    'Cancelled',
    'the completion port was closed during the wait',
    'Start the session again.',
  ),
  ERROR_OPERATION_ABORTED: means(
    'Cancelled',
    'it was cancelled',
    'Nothing needs to be done; start it again if it is still wanted.',
  ),
  ERROR_IO_INCOMPLETE: means('NotReady', 'the operation is still running', 'Wait until it has completed.'),
  ERROR_SERVICE_DISABLED: means(
    'Disabled',
    'the service is disabled',
    'Enable and start it, for distribution with Enable-BCDistributed or `peerweave enable`.',
  ),
  ERROR_SERVICE_DEPENDENCY_FAIL: means(
    'Unavailable',
    'a service that it depends on does not start',
    'Enable and start p2pimsvc and PNRPSvc, then try again.',
  ),
  ERROR_NOT_FOUND: means('NotFound', 'it does not exist', 'Check the name or id against a fresh listing.'),
  ERROR_ACCESS_DISABLED_BY_POLICY: means(
    'Disabled',
    'the feature is disabled by policy or configuration',
    'Enable it (`peerweave enable`, Enable-BCDistributed) or ask the administrator to change the policy.',
  ),
  ERROR_TIMEOUT: means(
    'Timeout',
    'no peer delivered in time',
    'Fetch the bytes from the origin, or try again with a longer time limit.',
  ),
  // Successes that no driver may reject with
  S_OK: means('Defect', 'it worked', 'A driver reported a success as a failure; report it as a bug.'),
  S_FALSE: means(
    'Defect',
    'it worked, with a negative answer',
    'A driver reported a success as a failure; report it as a bug.',
  ),
  ERROR_SUCCESS: means(
    'Defect',
    'it worked',
    'A driver reported a success as a failure; report it as a bug.',
  ),
  ERROR_IO_PENDING: means(
    'Defect',
    'it was accepted and will complete later',
    'A driver reported a success as a failure; report it as a bug.',
  ),
} as const satisfies Readonly<Record<string, ErrorMeaning>>;
