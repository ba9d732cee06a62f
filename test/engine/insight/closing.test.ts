import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import { distributionEvents, type effects } from 'peerweave';
import { startHostedCache } from 'peerweave/engine';
import { expect, it } from 'vitest';
import {
  BLOCK,
  contentOf,
  inDirectory,
  openNode,
  publishOn,
  retrieveOn,
} from '../../robustness/support/node.js';

it('tells what the service does for a session while that is closed, in the stream and on the channel', () =>
  inDirectory(async (directory) => {
    const cache = await startHostedCache({
      directory: join(directory, 'hosted'),
      listen: { host: '127.0.0.1', port: 0 },
    });
    const onChannel: string[] = [];
    const hear = (event: unknown): void => {
      const { _tag } = event as effects.DistributionEvent;
      if (_tag.startsWith('Offer')) onChannel.push(_tag);
    };
    try {
      await using publisher = await openNode(join(directory, 'publisher'));
      const information = await publishOn(publisher, contentOf(20 * BLOCK));
      const { port } = cache.endpoint;
      await using reader = await openNode(join(directory, 'reader'), {
        hostedCache: { address: `127.0.0.1:${port}` },
      });
      await retrieveOn(reader, information, { peers: [publisher.peer] });
      subscribe('peerweave:distribution', hear);
      const told: string[] = [];
      let hasCompleted = false;
      distributionEvents(reader.session).subscribe({
        next: ({ _tag }) => told.push(hasCompleted ? 'too late' : _tag),
        complete: () => (hasCompleted = true),
      });
      await reader.session.close();
      expect(hasCompleted).toBe(true);
      expect(told).toEqual(expect.arrayContaining(['OfferSent', 'OfferAccepted', 'BlockResponseSent']));
      expect(told).not.toContain('too late');
      expect(onChannel).toEqual(expect.arrayContaining(['OfferSent', 'OfferAccepted']));
    } finally {
      unsubscribe('peerweave:distribution', hear);
      await cache.close();
    }
  }));
