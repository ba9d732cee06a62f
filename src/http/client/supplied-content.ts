import type { Content } from '../../effects/content.js';
import type { SupplierGroup } from './places.js';
import { asyncDispose } from '../../driver/dispose-symbols.js';

/**
 * A content that is had from its suppliers. A service is told whom to ask when a content is opened, so there is one for
 * each group of suppliers; the second one is opened when somebody needs it. They share the cache of the service.
 */
export class SuppliedContent implements AsyncDisposable {
  /** That of the first group, which also takes what comes from the origin. */
  readonly first: Content;
  readonly #opened: Content[];
  readonly #listeners = new Set<(content: Content) => void>();
  #openSecond: (() => Promise<Content>) | undefined;
  #second: Promise<Content> | undefined;

  /** @param openSecond called once at most, and let go of then; without it there is one group only. */
  constructor(first: Content, openSecond?: () => Promise<Content>) {
    this.first = first;
    this.#opened = [first];
    this.#openSecond = openSecond;
  }

  /** Those that were needed so far. */
  get opened(): readonly Content[] {
    return this.#opened;
  }

  /** Calls `listener` with each that is open or will be, before it is read. */
  onOpened(listener: (content: Content) => void): void {
    for (const content of this.#opened) listener(content);
    this.#listeners.add(listener);
  }

  /** That of a group. Rejects as opening it did, each time. */
  of(group: SupplierGroup): Promise<Content> {
    const open = group === 0 ? undefined : this.#openSecond;
    if (open !== undefined) {
      // Holds the content information, of which there may be much.
      this.#openSecond = undefined;
      this.#second = this.#open(open);
    }
    return (group === 0 ? undefined : this.#second) ?? Promise.resolve(this.first);
  }

  /** Closes them, the last one first; never rejects. */
  async [asyncDispose](): Promise<void> {
    this.#openSecond = undefined;
    await this.#second?.catch(() => undefined);
    for (const content of [...this.#opened].reverse()) await content.close();
  }

  async #open(open: () => Promise<Content>): Promise<Content> {
    const content = await open();
    this.#opened.push(content);
    for (const listener of this.#listeners) listener(content);
    return content;
  }
}
