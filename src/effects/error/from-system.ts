import { PeerError } from './peer-error.js';
import type { PeerErrorTag } from './tag.js';
import { isError } from '../../driver/errors.js';

const MEANINGS: Readonly<
  Record<string, { readonly tag: PeerErrorTag; readonly what: string; readonly advice: string }>
> = {
  ENOENT: { tag: 'NotFound', what: 'there is no such file', advice: 'Check the path.' },
  EISDIR: { tag: 'BadArgument', what: 'that is a directory', advice: 'Name a file.' },
  ENOTDIR: { tag: 'BadArgument', what: 'a part of the path is not a directory', advice: 'Check the path.' },
  EACCES: {
    tag: 'AccessDenied',
    what: 'access is denied',
    advice: 'Check the permissions of the file and its directory.',
  },
  EPERM: {
    tag: 'AccessDenied',
    what: 'it is not permitted',
    advice: 'Check the permissions of the file and its directory.',
  },
  EROFS: { tag: 'AccessDenied', what: 'the file system is read-only', advice: 'Choose another place.' },
  EEXIST: { tag: 'AlreadyExists', what: 'it exists already', advice: 'Choose another name.' },
  ENAMETOOLONG: { tag: 'BadArgument', what: 'the name is too long', advice: 'Choose a shorter one.' },
  ENOSPC: { tag: 'System', what: 'the disk is full', advice: 'Free some space and try again.' },
  EMFILE: {
    tag: 'System',
    what: 'too many files are open',
    advice: 'Close some, or raise the limit of the process.',
  },
};

/** A fault of the file system, met on behalf of the caller; `undefined` for anything else. */
export const fromSystem = (thrown: unknown, operation: string): PeerError | undefined => {
  const code = isError(thrown) && 'code' in thrown ? thrown.code : undefined;
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return undefined;
  const meaning = MEANINGS[code] ?? {
    tag: 'System' as const,
    what: `the system reported ${code}`,
    advice: 'The cause tells more.',
  };
  const { path } = thrown as { readonly path?: unknown };
  const { tag, what, advice } = meaning;
  return new PeerError({
    tag,
    code,
    operation,
    what: typeof path === 'string' ? `${what}: ${path}` : what,
    advice,
    cause: thrown,
  });
};

/** Works on a file of the caller's; its faults become a {@link PeerError}. */
export const onFile = async <A>(operation: string, run: () => Promise<A>): Promise<A> => {
  try {
    return await run();
  } catch (thrown) {
    throw fromSystem(thrown, operation) ?? thrown;
  }
};
