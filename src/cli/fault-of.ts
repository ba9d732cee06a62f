import { PeerError } from 'peerweave';
import { DataDirectoryError, ServiceConfigError } from 'peerweave/engine';

type Details = ConstructorParameters<typeof PeerError>[0];

/** What a command failed with, as far as it is known what that means; `undefined`: it is not, which is a bug. */
export const faultOf = (thrown: unknown): PeerError | undefined => {
  if (thrown instanceof PeerError) return thrown;
  if (!(thrown instanceof Error)) return undefined;
  const fault = (details: Pick<Details, 'tag' | 'code' | 'operation' | 'advice'>): PeerError =>
    new PeerError({ ...details, what: thrown.message, cause: thrown });
  if (thrown instanceof ServiceConfigError) {
    return fault({
      tag: 'System',
      code: 'PEERWEAVE_DAMAGED_SETTINGS',
      operation: 'settings',
      advice: 'Nothing else of the data directory is lost with it.',
    });
  }
  if (thrown instanceof DataDirectoryError) {
    return fault({
      tag: 'Unavailable',
      code: 'PEERWEAVE_DATA_DIRECTORY',
      operation: 'data directory',
      advice: 'Name another one by --data-dir.',
    });
  }
  if (!('code' in thrown && 'syscall' in thrown)) return undefined;
  const code = String(thrown.code);
  return fault({
    tag: 'System',
    code,
    operation: String(thrown.syscall),
    advice: adviceFor(code) ?? 'The message of the system says what was wrong.',
  });
};

/** What to do about a fault of the system that is not about where a file is. */
export const adviceFor = (code: string): string | undefined =>
  code === 'ENOSPC' || code === 'EDQUOT' ? 'Free some space and try again.' : undefined;
