import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inOwnProcess, measure, type Measurement } from './measure.js';
import { message } from './message.js';
import { warmUp } from './warm-up.js';

/** What a serving process tells: where it serves, and what describes the file, in hex. */
export interface Serving {
  readonly port: number;
  readonly description: string;
}

/** Serves until told to stop, then tells what that cost. */
export const serving = async (what: Serving): Promise<void> => {
  const stopped = once(process, 'message');
  const result = await measure(async () => {
    process.send?.(what);
    await stopped;
  });
  process.send?.(result);
};

/** What a transfer cost both sides. */
export interface Cost {
  readonly server: Measurement;
  readonly client: Measurement;
}

export interface Transfer {
  /** What is compared. */
  readonly kind: string;
  /** The file. */
  readonly path: string;
  /** For the folders of both sides, which are removed. */
  readonly directory: string;
  readonly isWarmedUp?: boolean;
  /** Looks at what was fetched into a folder. */
  readonly check?: (fetched: string) => void;
}

/**
 * One file from a process to another. Both are this program, told `serve KIND FILE FOLDER`, which is {@link serving} then,
 * and `fetch KIND FILE PORT DESCRIPTION FOLDER`, which writes what that cost.
 */
export const transfer = async ({
  kind,
  path,
  directory,
  isWarmedUp = true,
  check = () => undefined,
}: Transfer): Promise<Cost> => {
  const [, program = ''] = process.argv;
  const [served, fetched] = [join(directory, 'served'), join(directory, 'fetched')];
  mkdirSync(fetched, { recursive: true });
  const child = fork(program, ['serve', kind, path, served]);
  const closed = once(child, 'close');
  try {
    const { port, description } = await message<Serving>(child);
    const descriptionPath = join(directory, 'description');
    await writeFile(descriptionPath, description, 'hex');
    if (isWarmedUp) warmUp(join(directory, 'warm-up'), statSync(path).size);
    const client = await inOwnProcess(['fetch', kind, path, String(port), descriptionPath, fetched]);
    check(fetched);
    const measured = message<Measurement>(child);
    child.send('stop');
    return { server: await measured, client };
  } finally {
    child.kill();
    await closed;
    for (const one of [served, fetched]) await rm(one, { recursive: true, force: true });
  }
};

/** All kinds in turns, so that whatever the machine does meanwhile concerns them alike. */
export const inRounds = async <Kind extends { readonly kind: string }>(
  kinds: readonly Kind[],
  rounds: number,
  run: (kind: string) => Promise<Cost>,
): Promise<readonly (Kind & { readonly clients: Measurement[]; readonly servers: Measurement[] })[]> => {
  const runs = kinds.map((kind) => ({
    ...kind,
    clients: [] as Measurement[],
    servers: [] as Measurement[],
  }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { kind, clients, servers } of runs) {
      const { server, client } = await run(kind);
      clients.push(client);
      servers.push(server);
    }
  }
  return runs;
};
