import { first } from 'rxjs';
import { distributionStatus, publish, type StatusEvent } from 'peerweave';

type DistributionStatus = Extract<StatusEvent, { _tag: 'Status' }>['status'];
import { type Context, inSession } from '../context.js';

/** Switches the service off and on again while handles of every kind are open. */
export const showStatus = (context: Context): Promise<void> =>
  inSession(context, async (session) => {
    const { peers, output } = context;
    output.say('\n3. Switch the service off and on again while handles are open');
    const published = await context.last(
      publish(Buffer.from('a small thing'), { session, contentId: 'small' }),
    );
    if (published._tag !== 'Published') throw new Error('publishing ended without a publication');
    const { effects } = peers;
    const handles = [
      await peers.promise(effects.openPublication(session, { contentId: 'unfinished' })),
      await peers.promise(effects.openContentInformation(session, { contentId: 'small' })),
      await peers.promise(effects.openContent(session)),
    ];
    output.say(`   open      ${handles.map(({ kind }) => kind).join(', ')}`);

    const status$ = distributionStatus(session);
    const printing = status$.subscribe((event) => output.say(`   status    ${describe(event)}`));
    const until = (wanted: DistributionStatus): Promise<StatusEvent> =>
      context.last(status$.pipe(first((event) => event._tag === 'Status' && event.status === wanted)));

    await until('available');
    await peers.promise(effects.setDistributionEnabled(false));
    await until('disabled');
    for (const handle of handles) output.say(`   closed    ${handle.kind}: ${handle.state}`);
    await peers.promise(effects.setDistributionEnabled(true));
    await until('available');
    printing.unsubscribe();
  });

const describe = (event: StatusEvent): string => {
  if (event._tag === 'Fault') return `fault: ${event.error.message}`;
  const closed =
    event.invalidated.length === 0 ? '' : `, closed before this: ${event.invalidated.join(', ')}`;
  return `${event.status}${closed}`;
};
