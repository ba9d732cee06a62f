import { ContentNetwork } from './content-network.js';
import { GroupNetwork } from './group-network.js';

/**
 * What lies between fake drivers. Drivers that are made with the same network see each other's groups and content, like
 * machines on one link; a driver made without one is alone on its own.
 */
export class FakeNetwork {
  /** @internal */
  readonly content = new ContentNetwork();
  /** @internal */
  readonly groups = new GroupNetwork();
  #serial = 0;

  /** A number from which names and keys are derived, never the same twice in one network. */
  nextSerial(): number {
    this.#serial += 1;
    return this.#serial;
  }
}

/**
 * Makes a network for several fake drivers: give it to each as `network`. It lives as long as somebody refers to it.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { createFakeDriver, createFakeNetwork } from 'peerweave/testing';
 *
 * const network = createFakeNetwork();
 * const here = createPeerweave({ driver: createFakeDriver({ network }) });
 * const there = createPeerweave({ driver: createFakeDriver({ network }) });
 * const names = [await here.effects.getDefaultIdentity()(), await there.effects.getDefaultIdentity()()];
 * console.log(names); // two different ones: keys are numbered in the network
 * ```
 */
export const createFakeNetwork = (): FakeNetwork => new FakeNetwork();
