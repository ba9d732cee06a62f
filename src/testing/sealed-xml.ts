import { createHmac } from 'node:crypto';
import type { SecretText } from '../driver/index.js';
import { escapeXml, parseXml } from './xml.js';

/** What a sealed document carries: a JSON value. */
export type Sealed = Readonly<Record<string, unknown>>;

/** The seal of documents that carry no password. It finds changed bytes, nothing more: this is a test double. */
const OPEN_SEAL = new TextEncoder().encode('peerweave fake driver');

const seal = (key: Uint8Array, root: string, name: string, body: string): string =>
  createHmac('sha256', key).update(`${root}\n${name}\n${body}`).digest('base64url');

/**
 * An XML document that only looks like its Windows counterpart: root, the clear name in `nameElement`, and a body under
 * a keyed checksum. Nothing in it is encrypted.
 */
const write = (key: Uint8Array, root: string, name: string, content: Sealed): string => {
  const body = Buffer.from(JSON.stringify(content)).toString('base64');
  return (
    `<${root} VERSION="1.0"><PEERNAME>${escapeXml(name)}</PEERNAME>` +
    `<DATA SEAL="${seal(key, root, name, body)}">${body}</DATA></${root}>`
  );
};

const read = (key: Uint8Array, root: string, xml: string): Sealed | undefined => {
  const document = parseXml(xml);
  const [name, data] = document?.children ?? [];
  if (document?.name !== root || name === undefined || data === undefined) return undefined;
  if (data.attributes.get('SEAL') !== seal(key, root, name.text, data.text)) return undefined;
  const content = JSON.parse(Buffer.from(data.text, 'base64').toString()) as Sealed;
  return write(key, root, name.text, content) === xml ? content : undefined;
};

/** @returns a document that anybody can read with {@link unsealOpen}. */
export const sealOpen = (root: string, name: string, content: Sealed): string =>
  write(OPEN_SEAL, root, name, content);

/** The content of a document, `undefined` if it is of another kind or one byte of it was changed. */
export const unsealOpen = (root: string, xml: string): Sealed | undefined => read(OPEN_SEAL, root, xml);

export const sealWithPassword = (password: SecretText, root: string, name: string, content: Sealed): string =>
  password.use((key) => write(key, root, name, content));

/** The content of a document, `undefined` for a wrong password too. */
export const unsealWithPassword = (password: SecretText, root: string, xml: string): Sealed | undefined =>
  password.use((key) => read(key, root, xml));

export const isEmptySecret = (password: SecretText): boolean => password.use((text) => text.length === 0);

/** What is kept of a password, so that a later one can be compared. */
export const digestSecret = (password: SecretText): string =>
  password.use((text) => createHmac('sha256', OPEN_SEAL).update(text).digest('hex'));
