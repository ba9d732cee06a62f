import { isUtf8 } from 'node:buffer';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { PeerError, Secret } from 'peerweave';
import { stopped } from './context.js';
import { readNamedFile } from './files.js';

export interface PasswordFlags {
  readonly passwordFile?: string;
}

export const PASSWORD_OPTION = [
  '--password-file <file>',
  'a file with the password in its first line; otherwise PEERWEAVE_PASSWORD, otherwise it is asked for',
] as const;

/** The password that the person gave one way or another, never on the command line where `ps` shows it. */
export const readPassword = async (
  { passwordFile }: PasswordFlags,
  signal: AbortSignal,
  questions: readonly string[] = [QUESTION],
): Promise<Secret> => {
  if (passwordFile !== undefined)
    return secretOf(firstLine(await readNamedFile(passwordFile, signal)), passwordFile);
  const fromEnvironment = process.env['PEERWEAVE_PASSWORD'];
  if (fromEnvironment !== undefined) return secretOf(fromEnvironment, 'PEERWEAVE_PASSWORD');
  if (!process.stdin.isTTY) throw noPassword('there is no password and no terminal to ask at');
  const [typed = '', ...again] = await ask(questions, signal);
  if (again.some((one) => one !== typed)) throw noPassword('the two differ', 'Type the same twice.');
  return Secret.of(typed);
};

/** One that protects something from now on: who types it does so twice, as a slip would lose what it protects. */
export const readNewPassword = (flags: PasswordFlags, signal: AbortSignal): Promise<Secret> =>
  readPassword(flags, signal, [QUESTION, 'The same once more: ']);

const QUESTION = 'Password: ';

const firstLine = (file: Buffer): Buffer => {
  const bytes = file.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
    ? file.subarray(BYTE_ORDER_MARK.length)
    : file;
  const end = bytes.indexOf('\n');
  const line = end < 0 ? bytes : bytes.subarray(0, end);
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
};

/** Some editors of Windows begin files of UTF-8 with it. */
const BYTE_ORDER_MARK = Buffer.from('\u{feff}');
const CARRIAGE_RETURN = 0x0d;

/** What Node puts in the place of bytes of the environment that are not UTF-8. */
const UNREADABLE = '\ufffd';

/** Bytes that are no text would all be the same password. */
const secretOf = (password: Buffer | string, from: string): Secret => {
  if (typeof password === 'string' ? !password.includes(UNREADABLE) : isUtf8(password))
    return Secret.of(password);
  throw noPassword(`${from}: the password is not UTF-8`, 'Write it in UTF-8.');
};

const noPassword = (what: string, advice = 'Give --password-file, or set PEERWEAVE_PASSWORD.'): PeerError =>
  new PeerError({ tag: 'BadArgument', code: 'PEERWEAVE_NO_PASSWORD', operation: 'password', what, advice });

/** Asks at the terminal, one after the other, without showing what is typed. */
const ask = async (questions: readonly string[], signal: AbortSignal): Promise<readonly string[]> => {
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: mute, terminal: true });
  const ended = new AbortController();
  try {
    return await new Promise((resolve, reject) => {
      const answers: string[] = [];
      const next = (): void => {
        const question = questions[answers.length];
        if (question === undefined) resolve(answers);
        else process.stderr.write(question);
      };
      lines.on('line', (line) => {
        process.stderr.write('\n');
        answers.push(line);
        next();
      });
      // While keys are read one by one the terminal sends no signal for Ctrl-C.
      lines.once('SIGINT', () => reject(stopped()));
      lines.once('close', () => reject(noPassword('the input ended before there was a password')));
      signal.addEventListener('abort', () => reject(stopped()), { signal: ended.signal });
      next();
    });
  } catch (thrown) {
    process.stderr.write('\n');
    throw thrown;
  } finally {
    ended.abort();
    lines.close();
  }
};
