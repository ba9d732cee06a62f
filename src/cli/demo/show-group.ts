import { firstValueFrom, switchMap, tap } from 'rxjs';
import type { Context } from '../context.js';

/** An identity, and a group that lives exactly as long as its subscription. */
export const showGroup = async ({ peers, output }: Context): Promise<void> => {
  output.say('1. Create an identity and a group; the group is open while it is subscribed');
  const creatorPeerName = await peers.promise(
    peers.effects.createIdentity({ classifier: 'demo', friendlyName: 'Demo' }),
  );
  output.say(`   identity  ${creatorPeerName}`);

  const group$ = peers.createGroup({ creatorPeerName, friendlyName: 'Demo group' });
  let closed: Promise<void> = Promise.resolve();
  const properties = await firstValueFrom(
    group$.pipe(
      tap((group) => {
        output.say(`   group     ${group.state}`);
        closed = group.closed.then(() => output.say(`   group     ${group.state} by unsubscribing`));
      }),
      switchMap((group) => peers.promise(peers.effects.getGroupProperties(group))),
      tap(({ groupPeerName }) => output.say(`   name      ${groupPeerName}`)),
    ),
  );
  await closed;
  await peers.promise(
    peers.effects.deleteGroup({ groupPeerName: properties.groupPeerName, identity: creatorPeerName }),
  );
};
