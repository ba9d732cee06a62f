import { CommanderError } from 'commander';
import { isPeerError } from 'peerweave';
import { EXIT_CODES, USAGE_EXIT_CODE } from './exit-codes.js';

/** Tells on stderr why a command failed. @returns the exit code. */
export const reportFailure = (thrown: unknown, json: boolean): number => {
  // Commander has said what was wrong already; help and version come here too, with code 0.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
  if (isPeerError(thrown)) {
    if (json) process.stderr.write(`${JSON.stringify({ error: thrown })}\n`);
    else if (thrown._tag !== 'Cancelled') process.stderr.write(`peerweave: ${thrown.message}\n`);
    return EXIT_CODES[thrown._tag];
  }
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  process.stderr.write(json ? `${JSON.stringify({ error: { message: text } })}\n` : `peerweave: ${text}\n`);
  return 1;
};
