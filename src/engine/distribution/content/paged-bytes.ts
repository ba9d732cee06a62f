import type { ScratchFile } from '../ports.js';
import type { ByteSource, BytesFound } from '../wire/index.js';

/** They describe 60 MiB of content of version 2, as it is usually cut, and 128 of version 1. */
const PAGE_LENGTH = 64 * 1024;

/** Pages kept: what is asked for moves on slowly, in two places at most. */
const MOST_PAGES = 4;

interface Page {
  readonly index: number;
  readonly bytes: Buffer;
}

/**
 * Bytes on disk that are read as they are looked at, at once: whoever looks for a segment cannot wait, and 64 KiB that were
 * written a moment ago are there in some microseconds.
 */
export class PagedBytes implements ByteSource {
  readonly length: number;
  readonly #file: Pick<ScratchFile, 'readNow'>;
  /** Those used last, the latest first. Never read into again: somebody may have a view of them. */
  readonly #pages: Page[] = [];

  constructor(file: Pick<ScratchFile, 'readNow'>, length: number) {
    this.#file = file;
    this.length = length;
  }

  around(at: number, length: number): BytesFound {
    const index = Math.floor(at / PAGE_LENGTH);
    const start = index * PAGE_LENGTH;
    return at + length > start + PAGE_LENGTH
      ? { bytes: this.#read(at, length), at: 0 }
      : { bytes: this.#page(index), at: at - start };
  }

  #page(index: number): Buffer {
    const known = this.#pages.findIndex((page) => page.index === index);
    const page = this.#pages[known] ?? this.#readPage(index);
    if (known === 0) return page.bytes;
    if (known > 0) this.#pages.splice(known, 1);
    this.#pages.unshift(page);
    if (this.#pages.length > MOST_PAGES) this.#pages.pop();
    return page.bytes;
  }

  #readPage(index: number): Page {
    const start = index * PAGE_LENGTH;
    return { index, bytes: this.#read(start, Math.min(PAGE_LENGTH, this.length - start)) };
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length);
    this.#file.readNow(bytes, at);
    return bytes;
  }
}
