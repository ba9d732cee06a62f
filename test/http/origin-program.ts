import { createInterface } from 'node:readline';
import { slowLine } from '../../bench/lib/slow-line.js';
import { createContentServer, sendContent } from '../../src/http/index.js';
import { contentOf, listen, startMachine } from './support.js';

/** A line that the program reads. */
export type OriginOrder =
  | { readonly serve: { readonly length: number; readonly host: string; readonly bytesPerSecond: number } }
  /** How many bytes have left since it was asked last. */
  | { readonly take: true };

/** A line that it writes, one for each order and one when it is ready. */
export interface OriginReport {
  readonly port?: number;
  readonly carried?: number;
}

/** An origin of one file behind a slow line, until its input ends. */
const main = async (): Promise<void> => {
  await using publisher = await startMachine();
  const server = createContentServer({ session: publisher.session });
  let take = (): number => 0;
  const ending: (() => PromiseLike<void> | void)[] = [];
  const carryOut = async (order: OriginOrder): Promise<OriginReport> => {
    if ('take' in order) return { carried: take() };
    const { length, host, bytesPerSecond } = order.serve;
    const page = { bytes: contentOf(length) };
    await server.prepare(page);
    const origin = await listen((request, response) => void sendContent(server, request, response, page));
    const line = await slowLine(origin.port, bytesPerSecond, host);
    take = () => line.take();
    ending.push(
      () => line.close(),
      () => origin[Symbol.asyncDispose](),
    );
    return { port: line.port };
  };
  const report = (line: OriginReport): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
  report({});
  for await (const line of createInterface(process.stdin))
    report(await carryOut(JSON.parse(line) as OriginOrder));
  for (const end of ending) await end();
};

await main();
