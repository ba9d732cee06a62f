import type { Command } from 'commander';
import {
  distinctUntilChanged,
  EMPTY,
  filter,
  map,
  merge,
  type Observable,
  switchMap,
  take,
  timer,
} from 'rxjs';
import { distributionStatus, type StatusEvent } from 'peerweave';
import { inSession, withContext } from '../context.js';
import { documentOf, linesOf, readDone } from '../counters.js';
import { journalDirectory } from '../journal-directory.js';

/** How often to look what other processes have done. */
const LOOK_EVERY_MS = 1_000;

/** A result, for programs and for people. */
interface Shown {
  readonly document: object;
  readonly lines: readonly string[];
}

export const addService = (program: Command): void => {
  program
    .command('status')
    .description('show whether content can be published and retrieved, and how much came from where')
    .option('-w, --watch', 'go on and show every change until stopped')
    .action(async ({ watch = false }: { readonly watch?: boolean }, command: Command) => {
      await withContext(command, (context) =>
        inSession(context, async (session) => {
          const show = ({ document, lines }: Shown): void =>
            context.output.result(document, lines.join('\n'));
          const directory = journalDirectory(command, context);
          const states$ = distributionStatus(session);
          if (watch) {
            await context.untilStopped(merge(states$.pipe(map(stateOf)), changesIn(directory)), show);
            return;
          }
          const { document, lines } = stateOf(await context.last(states$.pipe(take(1))));
          const done = directory === undefined ? undefined : await readDone(directory);
          if (done === undefined) show({ document, lines });
          else show({ document: { ...document, ...documentOf(done) }, lines: [...lines, ...linesOf(done)] });
        }),
      );
    });

  for (const [name, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    program
      .command(name)
      .description(
        `turn the distribution service ${enabled ? 'on' : 'off'} for everybody who uses the same data`,
      )
      .action(async (_options: unknown, command: Command) => {
        await withContext(command, async ({ peers, output }) => {
          await peers.promise(peers.effects.setDistributionEnabled(enabled));
          output.result({ enabled }, enabled ? 'enabled' : 'disabled');
        });
      });
  }
};

const stateOf = (event: StatusEvent): Shown => ({ document: event, lines: [describe(event)] });

const describe = (event: StatusEvent): string => {
  if (event._tag === 'Fault') return `fault, next try in ${event.retryInMs} ms: ${event.error.message}`;
  const why = event.reason === undefined ? '' : `: ${event.reason}`;
  const closed = event.invalidated.length === 0 ? '' : `; closed ${event.invalidated.join(', ')}`;
  return `${event.status}${why}${closed}`;
};

/** The counters of all processes with a data directory, whenever they have changed. */
const changesIn = (directory: string | undefined): Observable<Shown> =>
  directory === undefined
    ? EMPTY
    : timer(0, LOOK_EVERY_MS).pipe(
        switchMap(() => readDone(directory)),
        filter((done) => done !== undefined),
        map((done) => ({ document: { _tag: 'Counters', ...documentOf(done) }, lines: linesOf(done) })),
        distinctUntilChanged((one, other) => JSON.stringify(one) === JSON.stringify(other)),
      );
