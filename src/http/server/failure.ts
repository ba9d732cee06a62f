import { isPeerError, type PeerError, type PeerErrorTag } from '../../effects/error/index.js';

const STATUS: Readonly<Partial<Record<PeerErrorTag, number>>> = { NotFound: 404, AccessDenied: 403 };

/** Paths that are too long for the system, or go round in circles. */
const NO_SUCH_FILE = new Set(['ENAMETOOLONG', 'ELOOP']);

/** The status to answer with where a resource cannot be opened. Nothing else about the failure is for the client. */
export const statusOf = (failure: unknown): number => {
  if (!isPeerError(failure)) return 500;
  return NO_SUCH_FILE.has(failure.code) || namesNoFile(failure) ? 404 : (STATUS[failure._tag] ?? 500);
};

/**
 * A directory or device in the place of a file, or a path that no file can have: both may come from the client. What else
 * is wrong with a resource comes from the program.
 */
const namesNoFile = ({ _tag, problems }: PeerError): boolean =>
  _tag === 'BadArgument' &&
  problems.every(({ path, code }) => path === 'path' && code !== 'required' && code !== 'type');

/** A failure that says its status as Express and its kind look for it. */
export const withStatus = (failure: unknown): unknown =>
  isPeerError(failure)
    ? Object.defineProperty(failure, 'status', { value: statusOf(failure), configurable: true })
    : failure;

/** Headers that describe a body, and have nothing to describe in an answer without one. */
export const OF_A_BODY = ['content-type', 'content-encoding', 'content-disposition', 'content-language'];
