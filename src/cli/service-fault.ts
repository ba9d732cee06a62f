import { type effects, PeerError } from 'peerweave';
import type { Context } from './context.js';

/** Why the distribution service does not work in this process, and what comes of that. */
export interface ServiceFault {
  readonly status: 'disabled' | 'unavailable';
  readonly error: PeerError;
}

/**
 * The fault of a service that does not work, for commands that do something all the same; `undefined` if it works.
 *
 * @param consequence what the person has to expect.
 */
export const serviceFault = async (
  { peers }: Context,
  session: effects.DistributionSession,
  operation: string,
  consequence: string,
): Promise<ServiceFault | undefined> => {
  const { status, reason } = await peers.promise(peers.effects.getDistributionStatusInfo(session));
  if (status === 'available') return undefined;
  const isOff = status === 'disabled';
  return {
    status,
    error: new PeerError({
      tag: isOff ? 'Disabled' : 'Unavailable',
      code: isOff ? 'PEERWEAVE_SERVICE_DISABLED' : 'PEERWEAVE_SERVICE_UNAVAILABLE',
      operation,
      what: `${consequence}: ${reason ?? `the service is ${status}`}`,
      advice: isOff ? '`peerweave enable` switches it on.' : '`peerweave doctor` tells what can be used.',
    }),
  };
};
