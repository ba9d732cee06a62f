import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { PeerError, Secret } from 'peerweave';
import { readNamedFile } from './files.js';

export interface PasswordFlags {
  readonly passwordFile?: string;
}

export const PASSWORD_OPTION = [
  '--password-file <file>',
  'a file with the password in its first line; otherwise PEERWEAVE_PASSWORD, otherwise it is asked for',
] as const;

/** The password that the person gave one way or another, never on the command line where `ps` shows it. */
export const readPassword = async ({ passwordFile }: PasswordFlags, signal: AbortSignal): Promise<Secret> => {
  if (passwordFile !== undefined)
    return Secret.of(firstLine((await readNamedFile(passwordFile, signal)).toString('utf8')));
  const fromEnvironment = process.env['PEERWEAVE_PASSWORD'];
  if (fromEnvironment !== undefined) return Secret.of(fromEnvironment);
  if (process.stdin.isTTY) return Secret.of(await ask());
  throw new PeerError({
    tag: 'BadArgument',
    code: 'PEERWEAVE_NO_PASSWORD',
    operation: 'password',
    what: 'there is no password and no terminal to ask at',
    advice: 'Give --password-file, or set PEERWEAVE_PASSWORD.',
  });
};

const firstLine = (text: string): string => text.split(/\r?\n/, 1)[0] ?? '';

/** Asks at the terminal without showing what is typed. */
const ask = async (): Promise<string> => {
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: mute, terminal: true });
  process.stderr.write('Password: ');
  try {
    return await new Promise((resolve) => lines.question('', resolve));
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
};
