import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createPeerweave, distributionStatus, type StatusEvent } from 'peerweave';
import { createEngineDriver } from 'peerweave/engine';
import { inDirectory } from '../../robustness/support/node.js';

const listeners = (): number =>
  process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap').length;

it('an engine that is disposed of while a session opens does not go on listening', () =>
  inDirectory(async (directory) => {
    const before = listeners();
    const driver = createEngineDriver({ dataDir: join(directory, 'data') });
    const { effects, promise } = createPeerweave({ driver });
    const opening = expect(promise(effects.openSession())).rejects.toMatchObject({ _tag: 'HandleClosed' });
    await driver.dispose();
    expect(driver.endpoint()).toBeUndefined();
    expect(listeners()).toBe(before);
    await opening;
    await expect(promise(effects.openSession())).rejects.toThrow('the driver was disposed');
    await expect(promise(effects.createIdentity())).rejects.toThrow('the driver was disposed');
    expect(listeners()).toBe(before);
  }));

it('the status stream of an engine that is disposed of completes', () =>
  inDirectory(async (directory) => {
    const driver = createEngineDriver({ dataDir: join(directory, 'data'), listen: false });
    const { effects, promise } = createPeerweave({ driver });
    const session = await promise(effects.openSession());
    const events: StatusEvent['_tag'][] = [];
    const completed = new Promise<void>((resolve) => {
      distributionStatus(session).subscribe({ next: ({ _tag }) => events.push(_tag), complete: resolve });
    });
    await expect.poll(() => events).toEqual(['Status']);
    await driver.dispose();
    await completed;
    await session.closed;
    expect(events).toEqual(['Status']);
  }));
