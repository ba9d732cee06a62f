import {
  abortedDistribution,
  win32Fault,
  type DistributionStatusInfo,
  type StatusRegistration,
} from '../../../driver/index.js';

interface Armed {
  readonly resolve: (info: DistributionStatusInfo) => void;
  readonly reject: (fault: Error) => void;
}

/** The one registration for a status change that a session may have, for one change. */
export class StatusRegistrations {
  #armed: Armed | undefined;

  arm(operation: string): StatusRegistration {
    if (this.#armed !== undefined) {
      throw win32Fault(operation, 'ERROR_INVALID_PARAMETER', {
        reason: 'a registration for the next status change is armed already',
      });
    }
    const changed = new Promise<DistributionStatusInfo>((resolve, reject) => {
      this.#armed = { resolve, reject };
    });
    // Nobody has to wait for it.
    changed.catch(() => undefined);
    return { changed };
  }

  fire(info: DistributionStatusInfo): void {
    this.#armed?.resolve(info);
    this.#armed = undefined;
  }

  cancel(operation: string): void {
    this.#armed?.reject(abortedDistribution(operation));
    this.#armed = undefined;
  }
}
