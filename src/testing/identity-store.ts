import type { KeyPair } from './fake-keys.js';

export interface StoredIdentity {
  readonly peerName: string;
  friendlyName: string;
  readonly keys: KeyPair;
}

/** The identities of one driver, in the order of their making. */
export class IdentityStore {
  readonly #identities = new Map<string, StoredIdentity>();
  readonly #deleted = new Set<string>();
  #default: string | undefined;

  add(identity: StoredIdentity): void {
    this.#identities.set(identity.peerName, identity);
    this.#deleted.delete(identity.peerName);
  }

  get(peerName: string): StoredIdentity | undefined {
    return this.#identities.get(peerName);
  }

  remove(peerName: string): void {
    this.#identities.delete(peerName);
    this.#deleted.add(peerName);
  }

  wasDeleted(peerName: string): boolean {
    return this.#deleted.has(peerName);
  }

  get all(): readonly StoredIdentity[] {
    return [...this.#identities.values()];
  }

  /** The default identity, made by `make` when there is none. */
  defaultOr(make: () => StoredIdentity): StoredIdentity {
    const known = this.#default === undefined ? undefined : this.get(this.#default);
    if (known !== undefined) return known;
    const made = make();
    this.#default = made.peerName;
    return made;
  }
}
