import { expect, it } from 'vitest';
import type { ContentOptions } from '../../src/driver/index.js';
import { expectBytes } from './bytes.js';
import { CONTENT, informationOf, publish, readAll, startBoth, TAG } from './contents.js';
import { expectFault, expectUnsupported } from './faults.js';
import type { Capabilities, Setup } from './setup.js';
import { describeWithDriver } from './world.js';

/** Who is asked for what the cache lacks. */
export const describeSuppliers = (name: string, setup: Setup, { suppliers: isTold }: Capabilities): void =>
  describeWithDriver(`${name}: whom it asks`, setup, (here) => {
    const start = async () => {
      const sides = await startBoth(here());
      await publish(sides.publisher);
      const information = await informationOf(sides.publisher);
      const { distribution, session } = sides.reader;
      const peers = await here().peers();
      const open = async (suppliers: ContentOptions['suppliers']) => {
        const named = peers.length === 0 ? {} : { peers };
        const content = await distribution.openContent(session, { tag: TAG, suppliers, ...named });
        await distribution.addContentInformation(session, content, information);
        await distribution.completeContentInformation(session, content);
        return content;
      };
      return { ...sides, distribution, session, open };
    };

    it('is everybody, if nothing is said', async () => {
      const { reader, open, end } = await start();
      expectBytes(await readAll(reader, await open(undefined)), CONTENT);
      await end();
    });

    if (!isTold) {
      it('cannot be told', async () => {
        const { open, end } = await start();
        await expectUnsupported(open(['peers']));
        await end();
      });
      return;
    }

    it('is nobody else than who is named', async () => {
      const { reader, distribution, session, open, end } = await start();
      const withoutPeers = await open(['hosted-cache']);
      const nothing = await distribution.blockRead(session, withoutPeers, 0, { maxBytes: 10 });
      expect(nothing).toMatchObject({ _tag: 'Missing', offset: 0 });
      for (const order of [['peers'], ['peers', 'hosted-cache'], ['hosted-cache', 'peers']] as const) {
        expectBytes(await readAll(reader, await open(order)), CONTENT);
      }
      await end();
    });

    it.each([[[]], [['peers', 'peers']], [['the moon']]])('is not %j', async (order) => {
      const { open, end } = await start();
      await expectFault(open(order as never), 'ERROR_INVALID_PARAMETER');
      await end();
    });
  });
