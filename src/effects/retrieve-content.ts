import { randomUUID } from 'node:crypto';
import { type FileHandle, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isRight } from 'fp-ts/lib/Either.js';
import type { ContentExplanation } from '../driver/index.js';
import { contentHandle, explainContent } from './content.js';
import { fillContentFile, finishContentFile } from './content-file.js';
import type { ContentSource } from './content-source.js';
import { orThrow, type PeerEffect, promiseOf } from './effect.js';
import { onFile } from './error/from-system.js';
import { cancelled, isPeerError } from './error/index.js';
import { type ContentPiece, openDescribed, piecesOf, type ReadContentOptions } from './read-content.js';
import { observeDistribution, sessionCore } from './session.js';
import { createInPlaceOf, targetFile } from './target-file.js';
import { TransferCounter, type TransferCounts } from './transfer-counter.js';
import { object } from './validate/object.js';
import { optional, withDefault } from './validate/rule.js';
import { boolean, text } from './validate/scalars.js';
import { validate } from './validate/validate.js';
import { asyncDispose } from '../driver/dispose-symbols.js';

/** Whom to ask for content, and where to put it. */
export interface RetrieveOptions extends ReadContentOptions {
  /** Where to write the content. Only a complete file appears under this name. Without it the cache alone is filled. */
  readonly to?: string | undefined;
  /**
   * For a file: whether the cache must have a copy of its own. By default a driver may serve others from the file, whatever
   * becomes of its name, until it is changed, which spares writing everything twice.
   */
  readonly keepCopy?: boolean | undefined;
}

/** How far a retrieval has got; `Retrieved` comes last. */
export type RetrieveProgress = TransferCounts & {
  /** Bytes that the content information describes; `undefined` where the service does not tell (Windows). */
  readonly total: number | undefined;
} & (
    | { readonly _tag: 'Retrieving' }
    | {
        readonly _tag: 'Retrieved';
        readonly to: string | undefined;
        /** Why the bytes came from there; `undefined` where the service does not tell (Windows). */
        readonly explanation: ContentExplanation | undefined;
      }
  );

const OPTIONS = object({ to: optional(text(1)), keepCopy: withDefault(boolean, false) });

/** Retrieves content step by step. Ended early, what was verified stays in the cache and no partial file appears. */
export async function* retrieveContent(
  contentInformation: ContentSource,
  options: RetrieveOptions,
  signal: AbortSignal,
): AsyncGenerator<RetrieveProgress, void> {
  const { to, keepCopy } = orThrow(validate(OPTIONS, options, 'retrieve'));
  const reading = { ...options, name: options.name ?? to, file: to };
  const counter = new TransferCounter();
  const stopObserving = observeDistribution(reading.session, (event) => counter.observe(event));
  try {
    await using file = await PartialFile.open(to);
    await using content = await openDescribed(contentInformation, reading, signal);
    counter.count(contentHandle(content, 'retrieve'));
    const { env } = sessionCore(reading.session, 'retrieve');
    const run = <A>(effect: PeerEffect<A>): Promise<A> => promiseOf(effect(env));
    if (!keepCopy) await file.fill((path) => run(fillContentFile(content, path, { signal })));
    const { total } = counter;
    yield { _tag: 'Retrieving', total, ...counter.counts() };
    for await (const piece of piecesOf(content, reading, signal, true)) {
      await file.write(piece);
      counter.take(piece);
      yield { _tag: 'Retrieving', total, ...counter.counts() };
    }
    if (signal.aborted) throw cancelled('retrieve');
    await file.finish(() => run(finishContentFile(content, { signal })));
    const explained = await explainContent(content)(env)();
    const explanation = isRight(explained) ? explained.right : undefined;
    yield { _tag: 'Retrieved', to, explanation, total, ...counter.counts() };
  } finally {
    stopObserving();
  }
}

/** A file that appears under its name once it is complete, or not at all. */
class PartialFile implements AsyncDisposable {
  readonly #target: string | undefined;
  readonly #partial: string;
  #file: FileHandle | undefined;
  #isFilled = false;

  private constructor(target: string | undefined, partial: string, file: FileHandle | undefined) {
    this.#target = target;
    this.#partial = partial;
    this.#file = file;
  }

  static async open(to: string | undefined): Promise<PartialFile> {
    const target = to === undefined ? undefined : await targetFile(to, 'retrieve');
    const partial = partialBeside(target ?? '');
    const file =
      target === undefined ? undefined : await onFile('retrieve', () => createInPlaceOf(target, partial));
    return new PartialFile(target, partial, file);
  }

  /** Leaves writing to the driver, if it does that. */
  async fill(begin: (path: string) => Promise<void>): Promise<void> {
    if (this.#target === undefined) return;
    try {
      await begin(resolve(this.#partial));
      this.#isFilled = true;
      await this.#close();
    } catch (thrown) {
      if (!isPeerError(thrown) || thrown._tag !== 'Unsupported') throw thrown;
    }
  }

  async write({ bytes }: ContentPiece): Promise<void> {
    if (this.#isFilled) return;
    await onFile('retrieve', async () => this.#file?.writeFile(bytes));
  }

  /** @param end ends the writing of the driver. */
  async finish(end: () => Promise<void>): Promise<void> {
    const target = this.#target;
    if (target === undefined) return;
    if (this.#isFilled) await end();
    await onFile('retrieve', async () => {
      await this.#close();
      await rename(this.#partial, target);
    });
  }

  async [asyncDispose](): Promise<void> {
    if (this.#target === undefined) return;
    // After a rename there is nothing left under this name.
    await this.#close().catch(() => undefined);
    await rm(this.#partial, { force: true }).catch(() => undefined);
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}

/** Bytes of the longest name, as most file systems have it. */
const LONGEST_NAME = 255;

/** In the same directory, because a rename cannot cross file systems. */
const partialBeside = (target: string): string => {
  const suffix = `.${randomUUID()}.part`;
  const isShort = Buffer.byteLength(basename(target)) + suffix.length <= LONGEST_NAME;
  return isShort ? `${target}${suffix}` : join(dirname(target), `retrieved${suffix}`);
};
