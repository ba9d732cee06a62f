import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { inTurns } from '../in-turns.js';
import type { SegmentInfo } from '../ports.js';

/** How a content that its application gave a name, a URL or a path, can be found again. */
export interface ContentName {
  /** To be shown: a URL without user, password and the values of its query, or an absolute path. */
  readonly name: string;
  /** To be compared: a hash of the whole name. */
  readonly nameKey: string;
}

export const contentName = (name: string): ContentName => {
  const url = URL.canParse(name) && name.includes('://') ? new URL(name) : undefined;
  const whole = url?.href ?? resolve(name);
  return {
    name: url === undefined ? whole : withoutSecrets(url),
    nameKey: createHash('sha256').update(whole).digest('hex'),
  };
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
