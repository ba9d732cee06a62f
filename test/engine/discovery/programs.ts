import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { BuiltProgram } from '../../built-program.js';
import type { Order, ProgramOptions, Report } from './discovery-program.js';

/** A process that takes an order on each line and answers with a line. */
export class LineProcess<Order, Report> {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #closed: Promise<unknown[]>;

  constructor(command: readonly string[]) {
    const [file = '', ...args] = command;
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#closed = once(this.#child, 'close');
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  /** The next line. */
  async read(): Promise<Report> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('the program has ended');
    return JSON.parse(value) as Report;
  }

  order(order: Order): Promise<Report> {
    this.#child.stdin.write(`${JSON.stringify(order)}\n`);
    return this.read();
  }

  /** Ends its input, and waits for it to end by itself. @returns its exit code. */
  async end(): Promise<unknown> {
    this.#child.stdin.end();
    const [code] = await this.#closed;
    return code;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** A started discovery program. */
export type DiscoveryProcess = LineProcess<Order, Report>;

/** Starts a discovery program, behind a command such as one that changes the network namespace. */
export const startDiscoveryProgram = async (
  program: BuiltProgram,
  options: ProgramOptions,
  prefix: readonly string[] = [],
): Promise<DiscoveryProcess> => {
  const started = new LineProcess<Order, Report>([
    ...prefix,
    process.execPath,
    program.path,
    JSON.stringify(options),
  ]);
  await started.read();
  return started;
};
