import type { Command } from 'commander';
import { take } from 'rxjs';
import { distributionStatus, type StatusEvent } from 'peerweave';
import { inSession, withContext } from '../context.js';

const describe = (event: StatusEvent): string => {
  if (event._tag === 'Fault') return `fault, next try in ${event.retryInMs} ms: ${event.error.message}`;
  const why = event.reason === undefined ? '' : `: ${event.reason}`;
  const closed = event.invalidated.length === 0 ? '' : `; closed ${event.invalidated.join(', ')}`;
  return `${event.status}${why}${closed}`;
};

export const addService = (program: Command): void => {
  program
    .command('status')
    .description('show whether content can be published and retrieved')
    .option('-w, --watch', 'go on and show every change until stopped')
    .action(async ({ watch = false }: { readonly watch?: boolean }, command: Command) => {
      await withContext(command, (context) =>
        inSession(context, async (session) => {
          const events$ = distributionStatus(session);
          const show = (event: StatusEvent): void => context.output.result(event, describe(event));
          if (watch) await context.untilStopped(events$, show);
          else await context.last(events$.pipe(take(1)), show);
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
