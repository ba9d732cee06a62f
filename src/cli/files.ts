import { readFile, writeFile } from 'node:fs/promises';
import { PeerError, type PeerErrorTag } from 'peerweave';

const TAGS: Readonly<Record<string, PeerErrorTag>> = {
  ENOENT: 'NotFound',
  EISDIR: 'BadArgument',
  EACCES: 'AccessDenied',
  EPERM: 'AccessDenied',
  EROFS: 'AccessDenied',
  EEXIST: 'AlreadyExists',
};

/** Does something with a file that the person named. */
export const withFile = async <A>(path: string, what: string, run: () => Promise<A>): Promise<A> => {
  try {
    return await run();
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'UNKNOWN';
    throw new PeerError({
      tag: TAGS[code] ?? 'System',
      code,
      operation: what,
      what: `${path}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      advice: code === 'EEXIST' ? 'Use --force to overwrite it, or another name.' : 'Check the path.',
      cause: thrown,
    });
  }
};

export const readNamedFile = (path: string): Promise<Buffer> => withFile(path, 'read', () => readFile(path));

/** Writes what only its owner may read: content information and exported keys open what they belong to. */
export const writeSecretFile = (path: string, content: Uint8Array | string, force: boolean): Promise<void> =>
  withFile(path, 'write', () => writeFile(path, content, { mode: 0o600, flag: force ? 'w' : 'wx' }));
