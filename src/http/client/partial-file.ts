import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, lstat, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fromSystem, onFile } from '../../effects/error/from-system.js';
import { PeerError } from '../../effects/error/index.js';
import { createInPlaceOf, targetFile } from '../../effects/target-file.js';
import type { ContentState } from './content-state.js';
import { OPERATION } from './origin-failure.js';
import { turnAt } from './turn-at-file.js';
import { asyncDispose } from '../../driver/dispose-symbols.js';

/** What was being fetched: enough to tell whether what lies there is the start of what is wanted now. */
interface Note {
  /** Its hash, as a URL may have secrets in it. */
  readonly url: string;
  /** Without it, it cannot be gone on with. */
  readonly validator?: string | undefined;
  readonly length?: number | undefined;
}

/** One that can be gone on with. */
type Begun = Required<{ readonly [Key in keyof Note]: NonNullable<Note[Key]> }>;

/**
 * The start of a file that is being fetched. It lies beside its target as `….part`, with a note of what it is the start
 * of, and outlives the process, however that ends. Only when it is complete it gets the target's name. Two of a process
 * with the same target take turns.
 */
export class PartialFile implements AsyncDisposable {
  readonly #target: string;
  readonly #data: string;
  readonly #notePath: string;
  readonly #url: string;
  readonly #endTurn: () => void;
  #file: FileHandle | undefined;
  #begun: Begun | undefined;
  #at = 0;

  private constructor(target: string, url: string, endTurn: () => void) {
    this.#target = target;
    this.#data = `${target}.part`;
    this.#notePath = `${this.#data}.json`;
    this.#url = createHash('sha256').update(url).digest('base64url');
    this.#endTurn = endTurn;
  }

  static async open(named: string, url: string, signal: AbortSignal): Promise<PartialFile> {
    const target = resolve(await targetFile(named, OPERATION));
    const endTurn = await turnAt(target, OPERATION, signal);
    try {
      const partial = new PartialFile(target, url, endTurn);
      await onFile(OPERATION, () => partial.#find());
      return partial;
    } catch (thrown) {
      endTurn();
      throw thrown;
    }
  }

  /** How much is here of which state of the content, if it can be gone on with. */
  get begun(): { readonly bytes: number; readonly validator: string; readonly length: number } | undefined {
    return this.#begun === undefined ? undefined : { ...this.#begun, bytes: this.#at };
  }

  /** Begins anew at 0, or goes on in what is {@link begun}. Without a validator the next attempt cannot go on. */
  async begin(start: number, { validator, length }: ContentState): Promise<void> {
    if (start === 0) {
      await onFile(OPERATION, async () => {
        if ((await isThere(this.#data)) && !(await isThere(this.#notePath))) throw foreign(this.#data);
        await this.#remove();
        // Before the file, so that none of this program's is ever without.
        await this.#writeNote({ url: this.#url, validator, length });
        this.#file = await this.#create();
        if (validator !== undefined && length !== undefined)
          this.#begun = { url: this.#url, validator, length };
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
      if (found === undefined && !(await isThere(this.#target))) throw removed(this.#data);
      if (found?.ino !== own?.ino || found?.dev !== own?.dev) throw takenOver(this.#target);
      await this.#close();
      await rename(this.#data, this.#target);
      await rm(this.#notePath, { force: true });
    });
  }

  /** What cannot be gone on with is removed. */
  async [asyncDispose](): Promise<void> {
    const isOpen = this.#file !== undefined;
    await this.#close().catch(() => undefined);
    if (isOpen && (this.#begun === undefined || this.#at === 0)) await this.#remove().catch(() => undefined);
    this.#endTurn();
  }

  async #find(): Promise<void> {
    const { url, validator, length } = (await this.#readNote()) ?? {};
    if (url !== this.#url || validator === undefined || length === undefined) return;
    const file = await open(this.#data, 'r+').catch(() => undefined);
    if (file === undefined) return;
    this.#file = file;
    const { size } = await file.stat();
    if (size === 0 || size > length) return;
    this.#begun = { url, validator, length };
    this.#at = size;
  }

  async #readNote(): Promise<Note | undefined> {
    return noteIn(await readFile(this.#notePath, 'utf8').catch(() => ''));
  }

  async #writeNote(note: Note): Promise<void> {
    const written = `${this.#notePath}.${randomUUID()}`;
    try {
      await writeFile(written, JSON.stringify(note));
      await rename(written, this.#notePath);
    } catch (thrown) {
      await rm(written, { force: true });
      throw thrown;
    }
  }

  /** Never the file that another process still writes to. */
  async #create(): Promise<FileHandle> {
    try {
      return await createInPlaceOf(this.#target, this.#data);
    } catch (thrown) {
      throw fromSystem(thrown, OPERATION)?.code === 'EEXIST' ? takenOver(this.#target) : thrown;
    }
  }

  async #remove(): Promise<void> {
    this.#begun = undefined;
    await this.#close();
    await rm(this.#data, { force: true });
    await rm(this.#notePath, { force: true });
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
  typeof value.url === 'string' &&
  (!('validator' in value) || typeof value.validator === 'string') &&
  (!('length' in value) || Number.isSafeInteger(value.length));

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

const foreign = (path: string): PeerError =>
  new PeerError({
    tag: 'AlreadyExists',
    code: 'EEXIST',
    operation: OPERATION,
    what: `${path} is there, where the start of the file belongs, and nothing says that it is that`,
    advice: 'Move it away, or fetch into another file.',
  });

const removed = (path: string): PeerError =>
  new PeerError({
    tag: 'NotFound',
    code: 'PEERWEAVE_PART_REMOVED',
    operation: OPERATION,
    what: `${path} was removed while it was fetched`,
    advice: 'Fetch it again.',
  });

const takenOver = (target: string): PeerError =>
  new PeerError({
    tag: 'AlreadyExists',
    code: 'PEERWEAVE_TAKEN_OVER',
    operation: OPERATION,
    what: `another process fetches into ${target} as well, and has finished or begun anew`,
    advice: 'Look whether that is what was wanted; else fetch it into another file.',
  });
