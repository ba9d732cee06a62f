import { Malformed } from './malformed.js';
import type { XmlDocument } from './xml.js';

const valueAt = (document: XmlDocument, index: number, name: string): string | Uint8Array => {
  const [found, value] = document.fields[index] ?? [];
  if (found !== name || value === undefined)
    throw new Malformed(`${document.root} has ${found ?? 'nothing'} where ${name} belongs`);
  return value;
};

/** The text of the field `name`, which must be the one at `index`. */
export const textAt = (document: XmlDocument, index: number, name: string): string => {
  const value = valueAt(document, index, name);
  if (typeof value !== 'string') throw new Malformed(`${name} should be text`);
  return value;
};

/** The bytes of the field `name`, which must be the one at `index`. */
export const bytesAt = (document: XmlDocument, index: number, name: string): Uint8Array => {
  const value = valueAt(document, index, name);
  if (typeof value === 'string') throw new Malformed(`${name} should be base64`);
  return value;
};

/** Refuses a document with another root, version or number of fields. */
export const expectShape = (document: XmlDocument, root: string, version: string, fields: number): void => {
  if (document.root !== root) throw new Malformed(`the root element is ${document.root}, not ${root}`);
  if (document.version !== version)
    throw new Malformed(`${root} has version '${document.version}', not ${version}`);
  if (document.fields.length !== fields)
    throw new Malformed(`${root} has ${document.fields.length} fields, not ${fields}`);
};
