import * as E from 'fp-ts/lib/Either.js';
import type {
  ContentInformationQuery,
  FileVersion,
  PublicationOptions,
  Segmentation,
  SourceFile,
} from '../../driver/index.js';
import type { Problem } from '../error/index.js';
import { object, type Fields } from './object.js';
import { bad, optional, problem, type At, type Rule } from './rule.js';
import { bigint, boolean, bytes, size, text } from './scalars.js';

/** Names a publication: opaque bytes, or a text that stands for its UTF-8 bytes. */
export type ContentIdInput = string | Uint8Array;

export const contentId: Rule<Uint8Array> = (value, at) =>
  typeof value === 'string'
    ? E.map((name: string): Uint8Array => new TextEncoder().encode(name))(text(1)(value, at))
    : bytes(1)(value, at);

type Version = 1 | 2;

const version: Rule<Version> = (value, at) =>
  value === 1 || value === 2 ? E.right(value) : bad(at, 'range', 'must be 1 or 2');

const fileVersion: Rule<FileVersion> = object({
  device: bigint,
  inode: bigint,
  size: bigint,
  modifiedNs: bigint,
  changedNs: bigint,
});

const sourceFile: Rule<SourceFile> = object({ path: text(1), version: fileVersion });

const segmentation: Rule<Segmentation> = (value, at) =>
  value === 'fastcdc' || value === 'fixed'
    ? E.right(value)
    : bad(at, 'range', "must be 'fastcdc' or 'fixed'");

/** What to publish and as which version of content information. */
export type PublicationInput = Omit<PublicationOptions, 'contentId'> & { readonly contentId: ContentIdInput };

const cuttable = ({ version: wanted, segmentation: cut }: Fields, at: At): readonly Problem[] =>
  cut === undefined || wanted === 2 ? [] : [problem(at, 'conflict', 'needs version 2 for a segmentation')];

export const publication: Rule<PublicationOptions> = object(
  {
    contentId,
    length: optional(size),
    version: optional(version),
    segmentation: optional(segmentation),
    source: optional(sourceFile),
    keepCopy: optional(boolean),
  },
  cuttable,
);

/** Which publication, range and versions of content information are wanted. */
export type ContentInformationInput = Omit<ContentInformationQuery, 'contentId'> & {
  readonly contentId: ContentIdInput;
};

export const contentInformationQuery: Rule<ContentInformationQuery> = object(
  {
    contentId,
    offset: optional(size),
    length: optional(size),
    minVersion: optional(version),
    maxVersion: optional(version),
  },
  (fields, at) => [...ordered(fields, at), ...bounded(fields, at)],
);

const ordered = ({ minVersion, maxVersion }: Fields, at: At): readonly Problem[] =>
  minVersion === 2 && maxVersion === 1
    ? [problem(at, 'conflict', 'needs a minVersion of maxVersion at most')]
    : [];

const bounded = ({ offset, length }: Fields, at: At): readonly Problem[] =>
  typeof offset === 'number' && typeof length === 'number' && offset + length > Number.MAX_SAFE_INTEGER
    ? [problem(at, 'range', 'needs a range that ends before 2^53')]
    : [];
