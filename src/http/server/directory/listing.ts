import { readdir } from 'node:fs/promises';
import { onFile } from '../../../effects/error/from-system.js';
import { isHidden, isNameable } from './request-path.js';

/** A page of links to what lies in a directory, folders first. */
export const listingOf = async (path: string, hidden: boolean): Promise<Buffer> => {
  const entries = await onFile('answer', () => readdir(path, { withFileTypes: true }));
  const items = entries
    .filter(
      (entry) =>
        (hidden || !isHidden(entry.name)) &&
        isNameable(entry.name) &&
        (entry.isFile() || isDirectory(entry) || entry.isSymbolicLink()),
    )
    .sort(
      (one, other) => Number(isDirectory(other)) - Number(isDirectory(one)) || compare(one.name, other.name),
    )
    .map((entry) => {
      const slash = isDirectory(entry) ? '/' : '';
      // The dot keeps a name with a colon from being read as a scheme.
      return `<li><a href="./${encodeURIComponent(entry.name)}${slash}">${escapeHtml(entry.name)}${slash}</a></li>`;
    });
  return Buffer.from(
    `<!doctype html>\n<html><head><meta charset="utf-8"><title>Index</title></head>\n<body><ul>\n${items.join('\n')}\n</ul></body></html>\n`,
  );
};

const isDirectory = (entry: { isDirectory(): boolean }): boolean => entry.isDirectory();

const compare = (one: string, other: string): number => (one < other ? -1 : 1);

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
