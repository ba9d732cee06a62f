import { CommanderError } from 'commander';
import { PeerError } from 'peerweave';
import { EXIT_CODES, USAGE_EXIT_CODE } from './exit-codes.js';
import { faultOf } from './fault-of.js';
import { printable } from './output.js';

/** Tells on stderr why a command failed. @returns the exit code. */
export const reportFailure = (thrown: unknown, json: boolean): number => {
  if (thrown instanceof CommanderError) {
    // Help and version come here too. Without JSON commander has said what was wrong already.
    if (thrown.exitCode === 0) return 0;
    if (json) tellFault(usageOf(thrown), json);
    return USAGE_EXIT_CODE;
  }
  const fault = faultOf(thrown);
  if (fault !== undefined) {
    if (json || fault._tag !== 'Cancelled') tellFault(fault, json);
    return EXIT_CODES[fault._tag];
  }
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  process.stderr.write(json ? `${JSON.stringify({ error: { message: text } })}\n` : `peerweave: ${text}\n`);
  return 1;
};

/** Tells on stderr of a fault, which need not be the end of the command. @param path what it is about. */
export const tellFault = (fault: PeerError, json: boolean, path?: string): void => {
  const about = path === undefined ? '' : `${printable(path)}: `;
  process.stderr.write(
    json ? `${JSON.stringify({ path, error: fault })}\n` : `peerweave: ${about}${fault.message}\n`,
  );
};

const usageOf = ({ code, message }: CommanderError): PeerError =>
  new PeerError({
    tag: 'BadArgument',
    code: 'PEERWEAVE_USAGE',
    operation: 'peerweave',
    what: code === 'commander.help' ? 'no command is given' : message.replace(/^error: /, ''),
    advice: '--help tells more.',
  });
