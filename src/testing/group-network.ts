import type { NetworkGroup } from './membership.js';

/** The groups of one network. A group goes on when one member deletes its copy. */
export class GroupNetwork {
  readonly #groups = new Map<string, NetworkGroup>();

  add(group: NetworkGroup): void {
    this.#groups.set(group.properties.groupPeerName, group);
  }

  get(groupPeerName: string): NetworkGroup | undefined {
    return this.#groups.get(groupPeerName);
  }
}
