import { ContentNetwork } from './content-network.js';
import { GroupNetwork } from './group-network.js';

/**
 * What lies between fake drivers. Drivers that are made with the same network see each other's groups and content, like
 * machines on one link; a driver made without one is alone on its own.
 */
export class FakeNetwork {
  readonly content = new ContentNetwork();
  readonly groups = new GroupNetwork();
  #serial = 0;

  /** A number from which names and keys are derived, never the same twice in one network. */
  nextSerial(): number {
    this.#serial += 1;
    return this.#serial;
  }
}

export const createFakeNetwork = (): FakeNetwork => new FakeNetwork();
