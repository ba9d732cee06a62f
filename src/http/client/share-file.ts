import { open } from 'node:fs/promises';
import { addContentData } from '../../effects/content.js';
import { promiseOf } from '../../effects/effect.js';
import { sessionCore } from '../../effects/session.js';
import { requestingHashes } from '../protocol/peerdist-headers.js';
import { type ContentState, interpret, isAboutSame } from './content-state.js';
import { openInformation } from './open-information.js';
import type { PlacesOptions } from './options.js';
import type { Origin } from './origin.js';
import { OPERATION } from './origin-failure.js';
import { pause } from './pause.js';

const TRIES = 4;
const FIRST_PAUSE_MS = 200;
const PIECE_BYTES = 1024 * 1024;

/**
 * Puts a file that came without content information into the cache, for others to fetch it here, once the origin has
 * made some (MS-PCCRTP 3.1.5.1). That is a favour: without it the download is complete all the same. Where the bytes came
 * from, and why, has been told by then: here they neither count once more nor make a second record.
 */
export const shareFile = async (
  path: string,
  origin: Origin,
  state: ContentState,
  version: 1 | 2,
  options: PlacesOptions,
  signal: AbortSignal,
): Promise<void> => {
  const { env } = sessionCore(options.session, OPERATION);
  for (let tries = 0; tries < TRIES; tries += 1) {
    await pause(env.clock, FIRST_PAUSE_MS * 2 ** tries, signal);
    const answer = await origin.ask(requestingHashes(version), signal);
    try {
      const found = interpret(answer, 0, origin.url);
      if (!isAboutSame(answer.headers, state) || found.length !== state.length) return;
      if (found.brings !== 'information') continue;
      await using content = await openInformation(
        answer.pieces(),
        found,
        { ...options, isCounted: false },
        signal,
      );
      await using file = await open(path);
      let at = 0;
      for await (const piece of file.createReadStream({ highWaterMark: PIECE_BYTES, autoClose: false })) {
        const bytes = piece as Buffer;
        await promiseOf(addContentData(content.first, at, bytes, { signal })(env));
        at += bytes.length;
      }
      return;
    } finally {
      await answer.cancel();
    }
  }
};
