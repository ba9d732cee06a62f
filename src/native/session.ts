import {
  WIN32_CODES,
  type ContentHandle,
  type ContentInformationHandle,
  type DistributionStatus,
  type SessionHandle,
  type StreamHandle,
} from '../driver/index.js';
import type { CompletionPort } from './completion-port.js';
import { HandleTable } from './handle-table.js';
import type { Native } from './native.js';
import { Operations } from './operations.js';
import type { Runtime } from './runtime.js';

// How long a shutdown waits for the completions of what it has cancelled.
const DRAIN_MS = 5_000;

/** What a publishing handle is about: operations on it are cancelled by the content id. */
export interface Published {
  readonly contentId: Uint8Array;
}

/** One PeerDistStartup and everything opened through it. */
export class Session {
  readonly operations: Operations;
  readonly completionPort: CompletionPort;
  readonly streams = new HandleTable<StreamHandle, Published>('stream', 'ERROR_INVALID_HANDLE');
  readonly informations = new HandleTable<ContentInformationHandle, Published>(
    'content information',
    'ERROR_INVALID_HANDLE',
  );
  readonly contents = new HandleTable<ContentHandle, undefined>('content', 'ERROR_INVALID_HANDLE');
  /** The status registration, if one is armed; `ended` once it was unregistered. */
  registration: { ended: boolean } | undefined;
  /** The status that was last told, or was there at the first registration. */
  statusSeen: DistributionStatus | undefined;

  constructor(
    readonly handle: SessionHandle,
    runtime: Runtime,
  ) {
    this.operations = new Operations(runtime);
    this.completionPort = runtime.completionPort;
  }

  /** Ends the status registration, also one whose completion has come but is not dealt with yet. */
  unregister(native: Native): number {
    const code = native.code('PeerDistUnregisterForStatusChangeNotification', this.handle);
    if (this.registration === undefined) return code;
    this.registration.ended = true;
    return code === WIN32_CODES.ERROR_INVALID_PARAMETER ? WIN32_CODES.ERROR_SUCCESS : code;
  }

  /**
   * Closes what is still open, which cancels what is pending on it, waits for those completions, and shuts down. The
   * order matters: after PeerDistShutdown nothing may be outstanding.
   */
  async shutdown(native: Native): Promise<void> {
    const { handle, operations } = this;
    if (this.registration !== undefined) this.unregister(native);
    for (const [content] of this.contents.entries()) {
      this.contents.take(content);
      native.code('PeerDistClientCloseContent', handle, content);
    }
    for (const [stream] of this.streams.entries()) {
      this.streams.take(stream);
      native.code('PeerDistServerCloseStreamHandle', handle, stream);
    }
    for (const [information] of this.informations.entries()) {
      this.informations.take(information);
      native.code('PeerDistServerCloseContentInformation', handle, information);
    }
    await operations.drain(DRAIN_MS);
    try {
      native.win32('PeerDistShutdown', handle);
    } finally {
      await operations.drain(DRAIN_MS);
      operations.abandon();
    }
  }
}

/** The sessions of this driver. */
export type Sessions = HandleTable<SessionHandle, Session>;

export const createSessions = (): Sessions => new HandleTable('session', 'ERROR_INVALID_HANDLE');
