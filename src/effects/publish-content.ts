import { randomBytes } from 'node:crypto';
import type { Segmentation } from '../driver/index.js';
import { addContent, sourceChanged } from './add-content.js';
import { type ContentSource, openSource } from './content-source.js';
import { getContentInformation } from './content-information.js';
import { orThrow, type PeerEffect, promiseOf } from './effect.js';
import { badArgument, cancelled, isPeerError, type PeerError } from './error/index.js';
import {
  addSourceToPublication,
  addToPublication,
  completePublication,
  openPublication,
  unpublish,
} from './publication.js';
import { type DistributionSession, sessionCore } from './session.js';
import { object } from './validate/object.js';
import { UntilClosed } from './until-closed.js';
import type { ContentIdInput } from './validate/publication.js';
import { withDefault } from './validate/rule.js';
import { boolean } from './validate/scalars.js';
import { validate } from './validate/validate.js';

/** Where and as what to publish. */
export interface PublishOptions {
  /** The session that the publication belongs to and ends with. */
  readonly session: DistributionSession;
  /** Names the publication, for `unpublish`. 16 random bytes by default. */
  readonly contentId?: ContentIdInput | undefined;
  /**
   * The version of content information, 1 (Windows 7 and later) by default. 2 is of Windows 8 and later: who has a former
   * version of the content fetches only what has changed.
   */
  readonly version?: 1 | 2 | undefined;
  /** With version 2: how to cut, `fastcdc` by default. A driver that cannot be told answers `Unsupported`. */
  readonly segmentation?: Segmentation | undefined;
  /**
   * For a file: whether its bytes must stay when the file changes or goes away. By default a driver may serve them from
   * the file, which spares copying; once that is changed, what has other bytes is not served any more.
   */
  readonly keepCopy?: boolean | undefined;
  /**
   * Whether `Published` has the content information, a thousandth of the content and while it is put together two; yes by
   * default. Who says no reads it in pieces, with `openContentInformation`.
   */
  readonly contentInformation?: boolean | undefined;
}

/** How far a publication has got. Bytes count from the start of the content. */
export type PublishProgress =
  | {
      readonly _tag: 'Publishing';
      readonly bytes: number;
      /** Unknown for a source that only tells at its end. */
      readonly total: number | undefined;
    }
  | {
      readonly _tag: 'Published';
      readonly contentId: ContentIdInput;
      readonly bytes: number;
      /** Hand this to those who may have the content: with it they find, fetch, decrypt and check it. Empty if not wanted. */
      readonly contentInformation: Uint8Array;
    };

/** Publishes a source step by step. Ended early, it leaves nothing of the publication. */
export async function* publishContent(
  source: ContentSource,
  options: PublishOptions,
  signal: AbortSignal,
): AsyncGenerator<PublishProgress, void> {
  const { contentInformation: isWanted } = orThrow(validate(OWN_OPTIONS, options, 'publish'));
  const { session, contentId = randomBytes(16), version = 1, segmentation, keepCopy = false } = options;
  const { env } = sessionCore(session, 'publish');
  const run = <A>(effect: PeerEffect<A>): Promise<A> => promiseOf(effect(env));
  const publication = { completing: false, kept: false };
  let bytes = 0;
  try {
    using ended = new UntilClosed(signal);
    await using content = await openSource(source, { operation: 'publish' }, ended.signal);
    const { length: total } = content;
    if (total === 0) throw empty();
    const { file } = content;
    const wanted = { contentId, length: total, version, segmentation, source: file, keepCopy };
    await using stream = await run(openPublication(session, wanted, { signal }));
    ended.watch(stream);
    yield { _tag: 'Publishing', bytes, total };
    const additions = addContent(content, {
      bytes: (piece) => run(addToPublication(stream, piece, { signal })),
      fromSource: (length) => run(addSourceToPublication(stream, length, { signal })),
    });
    try {
      for await (const added of additions) {
        bytes += added;
        yield { _tag: 'Publishing', bytes, total };
      }
    } catch (thrown) {
      // Says why it is closed.
      if (ended.isHandleClosed) await run(addToPublication(stream, new Uint8Array(0), { signal }));
      throw thrown;
    }
    if (bytes === 0) throw empty();
    if (total !== undefined && bytes < total) throw sourceChanged(total);
    if (!(await content.isUnchanged())) throw sourceChanged();
    publication.completing = true;
    await run(completePublication(stream, { signal }));
    const query = { contentId, minVersion: version, maxVersion: version };
    const contentInformation = isWanted
      ? await run(getContentInformation(session, query, { signal }))
      : new Uint8Array(0);
    if (signal.aborted) throw cancelled('publish');
    publication.kept = true;
    yield { _tag: 'Published', contentId, bytes, contentInformation };
  } catch (thrown) {
    throw isSourceChanged(thrown) ? sourceChanged() : thrown;
  } finally {
    // Also a completion that was answered with a failure, or too late, may have been one.
    if (publication.completing && !publication.kept) await unpublish(session, contentId)(env)();
  }
}

/** What is not checked by what it is handed on to. */
const OWN_OPTIONS = object({ contentInformation: withDefault(boolean, true) });

const empty = (): PeerError =>
  badArgument(
    [{ path: 'source', code: 'length', message: 'is empty; content information cannot describe no bytes' }],
    'publish',
  );

/** A driver found it out. */
const isSourceChanged = (thrown: unknown): boolean =>
  isPeerError(thrown) && thrown.code === 'ERROR_INVALID_DATA';
