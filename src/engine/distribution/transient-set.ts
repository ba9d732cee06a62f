import { TransientMap } from './transient-map.js';

/** A Set for what comes and goes thousands of times a second, as a {@link TransientMap} is a Map. */
export class TransientSet<Member> {
  readonly #members = new TransientMap<Member, true>();

  constructor(members: Iterable<Member> = []) {
    for (const member of members) this.add(member);
  }

  get size(): number {
    return this.#members.size;
  }

  has(member: Member): boolean {
    return this.#members.has(member);
  }

  add(member: Member): void {
    this.#members.set(member, true);
  }

  /** `false`: it was not there. */
  delete(member: Member): boolean {
    return this.#members.delete(member);
  }

  clear(): void {
    this.#members.clear();
  }

  [Symbol.iterator](): Generator<Member, void> {
    return this.#members.keys();
  }
}
