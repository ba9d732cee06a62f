import {
  CounterFold,
  type Clock,
  type ContentHandle,
  type ContentInformationHandle,
  type DistributionEvent,
  type DistributionStatusInfo,
  type StreamHandle,
} from '../../../driver/index.js';
import type { Content } from '../content/content.js';
import type { ContentInformationSource } from './content-information-source.js';
import { HandleTable } from './handle-table.js';
import { PendingOperations, type EndSymbol } from './pending-operations.js';
import type { PublicationStream } from './publication-stream.js';
import { StatusRegistrations } from './status-registration.js';

export interface SessionParts {
  readonly nextHandle: () => bigint;
  readonly clock: Clock;
  /** Takes the events that concern this session alone. */
  readonly note: (event: DistributionEvent) => void;
}

/** Everything that belongs to one session and goes with it. */
export class Session {
  /** Those that wait on the session itself, such as opening something. */
  readonly operations = new PendingOperations();
  readonly registrations = new StatusRegistrations();
  readonly streams: HandleTable<StreamHandle, PublicationStream>;
  readonly informations: HandleTable<ContentInformationHandle, ContentInformationSource>;
  readonly contents: HandleTable<ContentHandle, Content>;
  /** Content ids published through this session, by their hex form. */
  readonly published = new Map<string, Uint8Array>();
  readonly observers = new Set<(event: DistributionEvent) => void>();
  readonly counters = new CounterFold();

  constructor(private readonly parts: SessionParts) {
    const { nextHandle } = parts;
    this.streams = new HandleTable(nextHandle);
    this.informations = new HandleTable(nextHandle);
    this.contents = new HandleTable(nextHandle);
  }

  /** Something happened in this session. */
  readonly emit = (event: DistributionEvent): void => {
    this.parts.note(event);
    this.tell(event);
  };

  /** Something happened; it is noted already. What an observer throws is uncaught, but disturbs nothing here. */
  tell(event: DistributionEvent): void {
    this.counters.add(event, this.parts.clock.now());
    for (const observer of this.observers) {
      try {
        observer(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /**
   * Handles are void and calls rejected before the registration fires, so that whoever it wakes finds them so. Resolves
   * when nothing of the session works any more.
   */
  async statusChanged(info: DistributionStatusInfo): Promise<void> {
    if (info.status === 'available') {
      this.registrations.fire(info);
      return;
    }
    const stopped = this.#stop('PEERDIST_ERROR_INVALIDATED', (table) => table.invalidate());
    this.registrations.fire(info);
    await stopped;
  }

  /** Ends everything and closes all handles. */
  async close(operation: string): Promise<void> {
    this.registrations.cancel(operation);
    await this.#stop('ERROR_OPERATION_ABORTED', (table) => table.closeAll());
  }

  async #stop(
    symbol: EndSymbol,
    stop: (table: Pick<Session['contents'], 'invalidate' | 'closeAll'>) => Promise<void>,
  ): Promise<void> {
    this.operations.end(symbol);
    const { streams, informations, contents } = this;
    await Promise.all([this.operations.settled(), ...[streams, informations, contents].map(stop)]);
  }
}
