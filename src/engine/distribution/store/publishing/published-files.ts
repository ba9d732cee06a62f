import type { FileVersion, PublicationEvent } from '../../../../driver/index.js';
import type { Disk } from '../disk/disk.js';
import { isSameVersion, isSettled } from '../disk/file-version.js';
import { StoreFailure } from '../store-failure.js';
import { holdsBytesOf } from './held-bytes.js';
import type { Publications } from './publications.js';

interface Judged {
  /** Of the file when it was last looked into; `undefined`: it was gone. */
  readonly version: FileVersion | undefined;
  readonly isIntact: boolean;
}

export interface PublishedFilesParts {
  readonly disk: Disk;
  readonly publications: Publications;
  readonly emit: (event: PublicationEvent) => void;
}

/**
 * Looks after the files that publications refer to. A file of another version than was published may still have the same
 * bytes, after a `touch` or a move and back: it is hashed then, once for each version, and only other bytes are told of.
 */
export class PublishedFiles {
  readonly #parts: PublishedFilesParts;
  /** By the publication's name; `undefined`: no other version was seen. */
  readonly #watched = new Map<string, Judged | undefined>();
  #isClosed = false;

  constructor(parts: PublishedFilesParts) {
    this.#parts = parts;
  }

  watch(name: string): void {
    this.#watched.set(name, undefined);
  }

  /** Looks at every watched file. */
  async check(): Promise<void> {
    for (const name of [...this.#watched.keys()]) await this.#check(name);
  }

  /** A block of a file turned out to have other bytes, whatever its version is. */
  blockChanged(name: string): void {
    const source = this.#parts.publications.source(name);
    if (source !== undefined) {
      this.#judge(name, source.path, { version: this.#versionOf(source.path), isIntact: false });
    }
  }

  /** Ends a check at its next megabyte. */
  close(): void {
    this.#isClosed = true;
  }

  async #check(name: string): Promise<void> {
    const { disk, publications } = this.#parts;
    const source = publications.source(name);
    if (this.#isClosed || source === undefined) {
      this.#watched.delete(name);
      return;
    }
    const { path } = source;
    const version = this.#versionOf(path);
    const before = this.#watched.get(name);
    if (isSame(version, source.version) || (before !== undefined && isSame(version, before.version))) return;
    const publication = publications.find(name);
    if (publication === undefined) {
      this.#watched.delete(name);
      return;
    }
    const atMs = Date.now();
    const goOn = (): boolean => !this.#isClosed;
    const isIntact =
      version !== undefined && (await unlessGone(holdsBytesOf(disk, { path, version }, publication, goOn)));
    // What goes on changing is judged when it has stopped.
    if (isIntact === undefined || !goOn() || !isSame(this.#versionOf(path), version)) return;
    this.#judge(name, path, { version, isIntact });
    if (!isIntact) return;
    await publications.refer(name, { path, version }, isSettled(version, atMs));
  }

  #judge(name: string, path: string, now: Judged): void {
    const before = this.#watched.get(name);
    this.#watched.set(name, now);
    const contentId = this.#parts.publications.record(name)?.contentId;
    if (now.isIntact || before?.isIntact === false || contentId === undefined) return;
    this.#parts.emit({
      _tag: 'PublicationChanged',
      contentId: Buffer.from(contentId).toString('hex'),
      path,
      change: now.version === undefined ? 'removed' : 'content',
    });
  }

  /** `undefined`: it is gone, or cannot be looked at, which is the same to those who want it. */
  #versionOf(path: string): FileVersion | undefined {
    try {
      return this.#parts.disk.version(path);
    } catch {
      return undefined;
    }
  }
}

/** `undefined`: the publication was taken back while its file was looked into, or is damaged. */
const unlessGone = async <Result>(look: Promise<Result>): Promise<Result | undefined> => {
  try {
    return await look;
  } catch (error) {
    if (error instanceof StoreFailure && error.code === 'GONE') return undefined;
    throw error;
  }
};

const isSame = (one: FileVersion | undefined, other: FileVersion | undefined): boolean =>
  one === undefined || other === undefined ? one === other : isSameVersion(one, other);
