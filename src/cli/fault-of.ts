import { PeerError } from 'peerweave';
import { DataDirectoryError, ServiceConfigError } from 'peerweave/engine';

/** What a command failed with, as far as it is known what that means; `undefined`: it is not, which is a bug. */
export const faultOf = (thrown: unknown): PeerError | undefined => {
  if (thrown instanceof PeerError) return thrown;
  if (thrown instanceof ServiceConfigError) {
    return new PeerError({
      tag: 'System',
      code: 'PEERWEAVE_DAMAGED_SETTINGS',
      operation: 'settings',
      what: thrown.message,
      advice: 'Nothing else of the data directory is lost with it.',
      cause: thrown,
    });
  }
  if (thrown instanceof DataDirectoryError) {
    return new PeerError({
      tag: 'Unavailable',
      code: 'PEERWEAVE_DATA_DIRECTORY',
      operation: 'data directory',
      what: thrown.message,
      advice: 'Name another one by --data-dir.',
      cause: thrown,
    });
  }
  return fromSystem(thrown);
};

const fromSystem = (thrown: unknown): PeerError | undefined => {
  if (!(thrown instanceof Error && 'code' in thrown && 'syscall' in thrown)) return undefined;
  const code = String(thrown.code);
  return new PeerError({
    tag: 'System',
    code,
    operation: String(thrown.syscall),
    what: thrown.message,
    advice: adviceFor(code) ?? 'The message of the system says what was wrong.',
    cause: thrown,
  });
};

/** What to do about a fault of the system that is not about where a file is. */
export const adviceFor = (code: string): string | undefined =>
  code === 'ENOSPC' || code === 'EDQUOT' ? 'Free some space and try again.' : undefined;
