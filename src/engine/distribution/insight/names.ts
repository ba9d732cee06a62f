import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { inTurns } from '../in-turns.js';
import type { SegmentInfo } from '../ports.js';

/** What an application says of a content, so that a person can find it again. */
export interface GivenNames {
  /** A URL or a path. */
  readonly name?: string | undefined;
  /** The file that it is written to. */
  readonly file?: string | undefined;
}

/** The same as it is kept: names to be shown, and keys, which are hashes of the whole names, to be compared. */
export interface ContentNames {
  /** A URL without user, password, fragment and the values of its query, or an absolute path. */
  readonly name?: string | undefined;
  readonly nameKey?: string | undefined;
  /** An absolute path. */
  readonly file?: string | undefined;
  readonly fileKey?: string | undefined;
}

export const contentNames = ({ name, file }: GivenNames): ContentNames => ({
  ...(name === undefined ? {} : named(name)),
  ...(file === undefined ? {} : { file: resolve(file), fileKey: keyOf(resolve(file)) }),
});

/** What the name that a person gives has to be compared with: the key of a name or of a file. */
export const keyOfName = (name: string): string => named(name).nameKey;

const named = (name: string): { readonly name: string; readonly nameKey: string } => {
  const url = URL.canParse(name) && name.includes('://') ? new URL(name) : undefined;
  if (url === undefined) return { name: resolve(name), nameKey: keyOf(resolve(name)) };
  return { name: withoutSecrets(url), nameKey: keyOf(asRequested(url)) };
};

const keyOf = (whole: string): string => createHash('sha256').update(whole).digest('hex');

/** Over HTTP a fragment never reaches the server, and who asks is not what is asked for. */
const asRequested = (given: URL): string => {
  if (!/^https?:$/.test(given.protocol)) return given.href;
  const url = new URL(given);
  url.username = '';
  url.password = '';
  url.hash = '';
  return url.href;
};

/** Which segments a content is made of, and which bytes; the latter are the same under every server secret. */
export interface ContentKeys {
  readonly contentKey: string;
  readonly dataKey: string;
}

/** The keys of a content with these segments. */
export const contentKeys = (segments: Iterable<{ readonly info: SegmentInfo }>): ContentKeys => {
  const hashes = new KeyHashes();
  for (const { info } of segments) hashes.add(info);
  return hashes.keys();
};

/** Fewer than usual, as meanwhile somebody waits for the first bytes. */
const IN_A_TURN = 32;

/**
 * The same for a content that may be of any size. Rejects with the signal's reason.
 *
 * @param also told of each segment in its turn, as long as what was made of it is at hand.
 */
export const contentKeysInTurns = async (
  segments: Iterable<{ readonly info: SegmentInfo }>,
  also: (index: number, info: SegmentInfo) => void,
  signal: AbortSignal,
): Promise<ContentKeys> => {
  const hashes = new KeyHashes();
  let index = 0;
  await inTurns(
    segments,
    ({ info }) => {
      hashes.add(info);
      also(index, info);
      index += 1;
    },
    { signal, inATurn: IN_A_TURN },
  );
  return hashes.keys();
};

class KeyHashes {
  readonly #ids = createHash('sha256');
  readonly #data = createHash('sha256');

  add({ id, hashOfData }: SegmentInfo): void {
    this.#ids.update(id);
    this.#data.update(hashOfData);
  }

  keys(): ContentKeys {
    return { contentKey: this.#ids.digest('hex'), dataKey: this.#data.digest('hex') };
  }
}

const withoutSecrets = ({ protocol, host, pathname, search }: URL): string =>
  `${protocol}//${host}${pathname}${search === '' ? '' : '?…'}`;
