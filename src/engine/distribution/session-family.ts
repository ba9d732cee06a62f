import {
  Disposal,
  win32Fault,
  type Cancel,
  type DistributionCounters,
  type DistributionDriver,
  type DistributionEvent,
  type DistributionStatus,
  type DistributionStatusInfo,
  type ReportedEvent,
  type SessionHandle,
  type StatusRegistration,
} from '../../driver/index.js';
import type { Insight } from './insight/insight.js';
import { oneAfterAnother } from './one-after-another.js';
import type { DistributionService } from './service.js';
import type { Sessions } from './session/sessions.js';
import { toFault } from './system-faults.js';
import { withdraw } from './withdraw.js';

type SessionFamily = Pick<
  DistributionDriver,
  | 'startup'
  | 'shutdown'
  | 'getStatus'
  | 'getStatusInfo'
  | 'registerStatusChange'
  | 'unregisterStatusChange'
  | 'setEnabled'
  | 'observe'
  | 'report'
  | 'getCounters'
>;

/** Sessions, the status and its changes. */
export const sessionFamily = (
  service: DistributionService,
  sessions: Sessions,
  insight: Insight,
  disposal: Disposal,
  writeEnabled: (enabled: boolean) => Promise<void>,
): SessionFamily => ({
  async startup() {
    refuseAfter(disposal, 'distribution.startup');
    await service.acquire();
    // It may have come meanwhile; the service has ended with it.
    refuseAfter(disposal, 'distribution.startup');
    return sessions.open();
  },

  async shutdown(handle: SessionHandle) {
    const operation = 'distribution.shutdown';
    await sessions.take(operation, handle, async (session) => {
      await session.close(operation);
      await withdraw(service, [...session.published.values()]);
      await service.release();
      await insight.flush();
    });
  },

  async getStatus(handle: SessionHandle): Promise<DistributionStatus> {
    sessions.find('distribution.getStatus', handle);
    return Promise.resolve(service.info.status);
  },

  async getStatusInfo(handle: SessionHandle): Promise<DistributionStatusInfo> {
    sessions.find('distribution.getStatusInfo', handle);
    return Promise.resolve(service.info);
  },

  async registerStatusChange(handle: SessionHandle): Promise<StatusRegistration> {
    const operation = 'distribution.registerStatusChange';
    return Promise.resolve(sessions.find(operation, handle).registrations.arm(operation));
  },

  async unregisterStatusChange(handle: SessionHandle): Promise<void> {
    const operation = 'distribution.unregisterStatusChange';
    sessions.find(operation, handle).registrations.cancel(operation);
    return Promise.resolve();
  },

  // What was asked for last is what holds in the end, whoever waits for it.
  setEnabled: oneAfterAnother(async (enabled: boolean): Promise<void> => {
    refuseAfter(disposal, 'distribution.setEnabled');
    try {
      await writeEnabled(enabled);
    } catch (error) {
      throw toFault('distribution.setEnabled', error);
    }
    await service.refresh();
  }),

  observe(handle: SessionHandle, listener: (event: DistributionEvent) => void): Cancel {
    const { observers } = sessions.find('distribution.observe', handle);
    // Wrapped, so that one function may observe twice.
    const observer = (event: DistributionEvent): void => listener(event);
    observers.add(observer);
    return () => observers.delete(observer);
  },

  report(handle: SessionHandle, event: ReportedEvent): void {
    sessions.peek(handle)?.emit(event);
  },

  async getCounters(handle: SessionHandle): Promise<DistributionCounters> {
    return Promise.resolve(sessions.find('distribution.getCounters', handle).counters.counters());
  },
});

const refuseAfter = ({ hasBegun }: Disposal, operation: string): void => {
  if (hasBegun) throw win32Fault(operation, 'ERROR_INVALID_HANDLE', { reason: Disposal.REASON });
};
