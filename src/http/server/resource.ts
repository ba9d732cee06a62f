import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { webcrypto } from 'node:crypto';
import { Readable } from 'node:stream';
import { contentType } from 'mime-types';
import { onFile } from '../../effects/error/from-system.js';
import { orThrow } from '../../effects/effect.js';
import { badArgument, PeerError } from '../../effects/error/index.js';
import { validate } from '../../effects/validate/validate.js';
import type { ByteSpan } from './byte-range.js';
import { hasChanged } from './changed-bytes.js';
import { FileBody } from './file-body.js';
import { identityOf } from './file-identity.js';
import type { Validators } from './preconditions.js';
import { type BytesResource, type FileResource, type Resource, resourceRule } from './resource-rule.js';

/** One state of a resource. Whoever opened it closes it, unless {@link body} was called: the stream does so then. */
export interface OpenResource {
  readonly length: number;
  readonly type: string;
  readonly validators: Validators;
  /** Names these very bytes; `undefined` while they might change without a trace. */
  readonly fingerprint: string | undefined;
  /** What to publish for it. */
  readonly source: string | Uint8Array;
  /** Whether {@link source} still has these bytes; also once it is closed. */
  isCurrent(): Promise<boolean>;
  body(span: ByteSpan): Readable;
  close(): Promise<void>;
}

const OPERATION = 'answer';
const OCTETS = 'application/octet-stream';

/** @throws PeerError NotFound, AccessDenied, System for the file, BadArgument for what is no file or no resource. */
export const openResource = async (input: Resource, now: number): Promise<OpenResource> => {
  const resource = orThrow(validate(resourceRule, input, OPERATION));
  return 'bytes' in resource
    ? openBytes(resource)
    : openFileResource(await openFile(resource.path), resource, now);
};

const openBytes = async ({ bytes, type = OCTETS, modified }: BytesResource): Promise<OpenResource> => {
  const fingerprint = await digestOf(bytes);
  return {
    length: bytes.length,
    type,
    validators: { etag: `"${fingerprint}"`, modified },
    fingerprint,
    source: bytes,
    isCurrent: async () => (await digestOf(bytes)) === fingerprint,
    body: ({ start, length }) =>
      Readable.from([bytes.subarray(start, start + length)], { objectMode: false }),
    close: () => Promise.resolve(),
  };
};

/** Off the main thread: many megabytes would hold up everybody else. */
const digestOf = async (bytes: Uint8Array): Promise<string> =>
  Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('base64url');

/** A pipe without a writer would block the opening for ever; other files do not care. Windows has no such flag: 0. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;

export const openFile = (path: string): Promise<FileHandle> => onFile(OPERATION, () => open(path, READ));

/** Takes over an open file. */
export const openFileResource = async (
  file: FileHandle,
  { path, type = typeOf(path) }: FileResource,
  now: number,
): Promise<OpenResource> => {
  try {
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) throw notAFile(stats);
    const { length, modified, fingerprint, settlesAt } = identityOf(stats);
    const isSettled = settlesAt <= now;
    const verify = async (): Promise<void> => {
      // What may change without a trace cannot be held to anything.
      if (!isSettled) return;
      if (await hasChanged(stats, await file.stat({ bigint: true }), path)) {
        throw new Error('the file changed while it was sent');
      }
    };
    return {
      length,
      type,
      validators: { etag: isSettled ? `"${fingerprint}"` : `W/"${fingerprint}"`, modified },
      fingerprint: isSettled ? fingerprint : undefined,
      source: path,
      isCurrent: async () => identityOf(await stat(path, { bigint: true })).fingerprint === fingerprint,
      body: (span) => new FileBody(file, span, verify),
      close: () => file.close(),
    };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
};

const typeOf = (path: string): string => {
  const extension = extname(path);
  return (extension === '' ? false : contentType(extension)) || OCTETS;
};

const notAFile = (stats: BigIntStats): PeerError =>
  badArgument(
    [
      {
        path: 'path',
        code: 'forbidden',
        message: `is ${stats.isDirectory() ? 'a directory' : 'a device or pipe'}, not a file`,
      },
    ],
    OPERATION,
  );
