import { createHash } from 'node:crypto';
import { join, sep } from 'node:path';

/**
 * Where things lie below the store's directory:
 *
 *     units/<2 hex>/<name>/info      which segments lie here, with their block hashes (self-checking)
 *                          blocks    one byte per block, 1 if it is here; then where the unit begins in a retrieved file
 *                          data      the blocks, each at its place; or another name of that file
 *                          holders/  one file for each publication (p-) or tag (t-) that wants it; empty, or for a
 *                                    publication by reference where its file is (self-checking)
 *     index/<process>.<n>            in which units segments of version 2 are, as that process found or put them there
 *     publications/<name>/owner               the process that makes or made it
 *                         record              once it is finished: its units (self-checking)
 *     incoming/<process>/                     what that process has not finished, and what it is removing
 *     departed, departed.old                  which segments left the cache lately, and why
 *
 * All names are hex digits made here, so nothing remote becomes a path.
 */
export interface Layout {
  readonly units: string;
  readonly index: string;
  readonly publications: string;
  readonly incoming: string;
  readonly departed: string;
}

export const storeLayout = (directory: string): Layout => ({
  units: join(directory, 'units'),
  index: join(directory, 'index'),
  publications: join(directory, 'publications'),
  incoming: join(directory, 'incoming'),
  departed: join(directory, 'departed'),
});

export interface UnitPaths {
  readonly directory: string;
  readonly info: string;
  readonly blocks: string;
  readonly data: string;
  readonly holders: string;
}

/** The files of a unit that lies in `directory`. Not by `join`, which takes a good part of what a look at a unit does. */
export const unitPathsIn = (directory: string): UnitPaths => ({
  directory,
  info: `${directory}${sep}info`,
  blocks: `${directory}${sep}blocks`,
  data: `${directory}${sep}data`,
  holders: `${directory}${sep}holders`,
});

export const unitPaths = (layout: Layout, name: string): UnitPaths =>
  unitPathsIn(`${layout.units}${sep}${name.slice(0, 2)}${sep}${name}`);

export interface PublicationPaths {
  readonly directory: string;
  readonly owner: string;
  readonly record: string;
}

export const publicationPaths = (layout: Layout, name: string): PublicationPaths => {
  const directory = join(layout.publications, name);
  return { directory, owner: join(directory, 'owner'), record: join(directory, 'record') };
};

/** Content ids are opaque bytes of any length; their hash is a name for the file system. */
export const publicationName = (contentId: Uint8Array): string =>
  createHash('sha256').update(contentId).digest('hex');

/** Who wants a unit to stay, as a file name. */
export type Holder = `p-${string}` | `t-${string}`;

export const publicationHolder = (name: string): Holder => `p-${name}`;

/** The name of the publication that a holder stands for; `undefined` for a tag. */
export const publicationOfHolder = (holder: string): string | undefined =>
  holder.startsWith('p-') ? holder.slice(2) : undefined;

export const tagHolder = (tag: Uint8Array): Holder => `t-${Buffer.from(tag).toString('hex')}`;
