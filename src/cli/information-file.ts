import type { ContentSource } from 'peerweave';
import { parseContentInformation } from 'peerweave/engine';
import { namedFilePieces } from './files.js';

/** Of a gigabyte or two. More of it is not held in memory. */
const MOST_IN_MEMORY = 1024 * 1024;

/** Content information in a file, to be retrieved by. */
export interface InformationFile extends AsyncDisposable {
  readonly source: ContentSource;
  /** Bytes of the content; `undefined` if that cannot be told beforehand. */
  readonly total: number | undefined;
}

/** Opens it. The signal ends the wait for a pipe. */
export const openInformationFile = async (path: string, signal: AbortSignal): Promise<InformationFile> => {
  const pieces = namedFilePieces(path, signal);
  const close = async (): Promise<void> => {
    await pieces.return(undefined);
  };
  const first: Buffer[] = [];
  for (let length = 0; length <= MOST_IN_MEMORY;) {
    const next = await pieces.next();
    if (next.done === true) {
      const information = Buffer.concat(first);
      return { source: information, total: lengthIn(information), [Symbol.asyncDispose]: close };
    }
    length += next.value.length;
    first.push(next.value);
  }
  return { source: inOrder(first, pieces), total: undefined, [Symbol.asyncDispose]: close };
};

async function* inOrder(first: Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // Each is let go of as soon as it was taken.
  for (let piece = first.shift(); piece !== undefined; piece = first.shift()) yield piece;
  yield* rest;
}

/** Content information that cannot be read is reported by the retrieval itself. */
const lengthIn = (information: Uint8Array): number | undefined => {
  try {
    return parseContentInformation(information).range.length;
  } catch {
    return undefined;
  }
};
