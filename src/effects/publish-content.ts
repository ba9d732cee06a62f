import { randomBytes } from 'node:crypto';
import { type ContentSource, openSource } from './content-source.js';
import { getContentInformation } from './content-information.js';
import { orThrow, type PeerEffect } from './effect.js';
import { badArgument } from './error/index.js';
import { addToPublication, completePublication, openPublication } from './publication.js';
import { type DistributionSession, sessionCore } from './session.js';
import type { ContentIdInput } from './validate/publication.js';

export interface PublishOptions {
  /** The session that the publication belongs to and ends with. */
  readonly session: DistributionSession;
  /** Names the publication, for `unpublish`. 16 random bytes by default. */
  readonly contentId?: ContentIdInput | undefined;
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
      /** Hand this to those who may have the content: with it they find, fetch, decrypt and check it. */
      readonly contentInformation: Uint8Array;
    };

/** Publishes a source step by step. Ended early, it leaves nothing of the publication. */
export async function* publishContent(
  source: ContentSource,
  { session, contentId = randomBytes(16) }: PublishOptions,
  signal: AbortSignal,
): AsyncGenerator<PublishProgress, void> {
  const { env } = sessionCore(session, 'publish');
  const run = async <A>(effect: PeerEffect<A>): Promise<A> => orThrow(await effect(env)());
  await using content = await openSource(source, 'publish');
  const { length: total } = content;
  if (total === 0) {
    throw badArgument(
      [{ path: 'source', code: 'length', message: 'is empty; content information cannot describe no bytes' }],
      'publish',
    );
  }
  await using stream = await run(openPublication(session, { contentId, length: total }, { signal }));
  let bytes = 0;
  yield { _tag: 'Publishing', bytes, total };
  for await (const piece of content.pieces) {
    await run(addToPublication(stream, piece, { signal }));
    bytes += piece.length;
    yield { _tag: 'Publishing', bytes, total };
  }
  await run(completePublication(stream, { signal }));
  const contentInformation = await run(getContentInformation(session, { contentId }, { signal }));
  yield { _tag: 'Published', contentId, bytes, contentInformation };
}
