import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { onFile } from '../../effects/error/from-system.js';
import { PeerError } from '../../effects/error/index.js';
import { targetFile } from '../../effects/target-file.js';
import type { ContentState } from './content-state.js';
import { OPERATION } from './origin-failure.js';

/** What was being fetched: enough to tell whether what lies there is the start of what is wanted now. */
interface Note {
  /** Its hash, as a URL may have secrets in it. */
  readonly url: string;
  readonly validator: string;
  readonly length: number;
}

/**
 * The start of a file that is being fetched. It lies beside its target as `….part`, with a note of what it is the start
 * of, and outlives the process, however that ends. Only when it is complete it gets the target's name.
 */
export class PartialFile implements AsyncDisposable {
  readonly #target: string;
  readonly #data: string;
  readonly #notePath: string;
  readonly #url: string;
  #file: FileHandle | undefined;
  #note: Note | undefined;
  #at = 0;

  private constructor(target: string, url: string) {
    this.#target = target;
    this.#data = `${target}.part`;
    this.#notePath = `${this.#data}.json`;
    this.#url = createHash('sha256').update(url).digest('base64url');
  }

  static async open(target: string, url: string): Promise<PartialFile> {
    const partial = new PartialFile(await targetFile(target, OPERATION), url);
    await onFile(OPERATION, () => partial.#find());
    return partial;
  }

  /** How much is here of which state of the content, if it can be gone on with. */
  get begun(): { readonly bytes: number; readonly validator: string; readonly length: number } | undefined {
    return this.#note === undefined ? undefined : { ...this.#note, bytes: this.#at };
  }

  /** Begins anew at 0, or goes on in what is {@link begun}. Without a validator the next attempt cannot go on. */
  async begin(start: number, { validator, length }: ContentState): Promise<void> {
    if (start === 0) {
      await onFile(OPERATION, async () => {
        await this.#remove();
        // Never the file that another process still writes to.
        this.#file = await open(this.#data, 'wx+');
        if (validator === undefined || length === undefined) return;
        this.#note = { url: this.#url, validator, length };
        await writeFile(`${this.#notePath}.new`, JSON.stringify(this.#note));
        await rename(`${this.#notePath}.new`, this.#notePath);
      });
    }
    this.#at = start;
  }

  /** Appends. */
  async write(bytes: Uint8Array): Promise<void> {
    const file = this.#file;
    if (file === undefined) throw new Error('a partial file is written to before it is begun');
    await onFile(OPERATION, async () => {
      for (let written = 0; written < bytes.length;) {
        const { bytesWritten } = await file.write(bytes, written, bytes.length - written, this.#at);
        written += bytesWritten;
        this.#at += bytesWritten;
      }
    });
  }

  /** Gives the complete file its name. */
  async finish(): Promise<void> {
    await onFile(OPERATION, async () => {
      const own = await this.#file?.stat({ bigint: true });
      const found = await stat(this.#data, { bigint: true }).catch(() => undefined);
      if (own === undefined || found?.ino !== own.ino || found.dev !== own.dev) throw takenOver(this.#target);
      await this.#close();
      await rename(this.#data, this.#target);
      await rm(this.#notePath, { force: true });
    });
  }

  /** What cannot be gone on with is removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const isOpen = this.#file !== undefined;
    await this.#close().catch(() => undefined);
    if (isOpen && (this.#note === undefined || this.#at === 0)) await this.#remove().catch(() => undefined);
  }

  async #find(): Promise<void> {
    const note = noteIn(await readFile(this.#notePath, 'utf8').catch(() => ''));
    if (note?.url !== this.#url) return;
    const file = await open(this.#data, 'r+').catch(() => undefined);
    if (file === undefined) return;
    this.#file = file;
    const { size } = await file.stat();
    if (size === 0 || size > note.length) return;
    this.#note = note;
    this.#at = size;
  }

  async #remove(): Promise<void> {
    this.#note = undefined;
    await this.#close();
    await rm(this.#notePath, { force: true });
    await rm(this.#data, { force: true });
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}

const noteIn = (text: string): Note | undefined => {
  try {
    const note: unknown = JSON.parse(text);
    return isNote(note) ? note : undefined;
  } catch {
    return undefined;
  }
};

const isNote = (value: unknown): value is Note =>
  typeof value === 'object' &&
  value !== null &&
  'url' in value &&
  'validator' in value &&
  'length' in value &&
  typeof value.url === 'string' &&
  typeof value.validator === 'string' &&
  Number.isSafeInteger(value.length);

const takenOver = (target: string): PeerError =>
  new PeerError({
    tag: 'AlreadyExists',
    code: 'PEERWEAVE_TAKEN_OVER',
    operation: OPERATION,
    what: `another process fetches into ${target} as well, and has finished or begun anew`,
    advice: 'Look whether that is what was wanted; else fetch it into another file.',
  });
