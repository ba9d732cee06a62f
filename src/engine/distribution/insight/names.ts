import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
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
    nameKey: hashOf([whole], (text) => Buffer.from(text)),
  };
};

/** Which segments a content is made of, and which bytes; the latter are the same under every server secret. */
export const contentKeys = (
  segments: readonly SegmentInfo[],
): { readonly contentKey: string; readonly dataKey: string } => ({
  contentKey: hashOf(segments, ({ id }) => id),
  dataKey: hashOf(segments, ({ hashOfData }) => hashOfData),
});

const withoutSecrets = ({ protocol, host, pathname, search }: URL): string =>
  `${protocol}//${host}${pathname}${search === '' ? '' : '?…'}`;

/** One part at a time, as there may be very many of them. */
const hashOf = <Part>(parts: readonly Part[], bytesOf: (part: Part) => Uint8Array): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(bytesOf(part));
  return hash.digest('hex');
};
