import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock, WIN32_CODES } from '../../src/driver/index.js';
import type { DistributionSession } from '../../src/effects/index.js';
import { completionOf } from '../../src/native/completion.js';
import { NULL, u64In } from '../../src/native/frame.js';
import { createWindowsDriver, type StatusSignal } from '../../src/native/index.js';
import { OVERLAPPED } from '../../src/native/layouts.js';
import { pathsFor } from '../../src/native/platform.js';
import { createRuntime } from '../../src/native/runtime.js';
import { createPeerweave, distributionStatus, type Peerweave } from '../../src/streams/index.js';
import { leftoversOf, resetMachines } from './leftovers.js';
import { AT_ONCE, buildSimulators, NEVER } from './simulators.js';

const simulators = buildSimulators();
const [{ libraries, peerdist }] = simulators.machines;
afterEach(() => resetMachines(simulators));
afterAll(() => simulators.remove());

const [DISABLED, UNAVAILABLE, AVAILABLE] = [0, 1, 2] as const;
const NAMES = ['disabled', 'unavailable', 'available'] as const;
const SOON_US = 2_000;
const LATER_US = 60_000;
const REGISTER = 'PeerDistRegisterForStatusChangeNotification';
const STATUS_BYTES = 4;

/** How a change is signalled: with a port, after how long the packet comes and after how long the event is set. */
const WAYS: readonly (readonly [string, StatusSignal, number, number])[] = [
  ['the event', 'event', 0, 0],
  ['the packet and the event', 'completion-port', 0, 0],
  ['the packet alone', 'completion-port', 0, NEVER],
  ['the event alone, although there is a port', 'completion-port', NEVER, 0],
  ['the packet, and the event later', 'completion-port', 0, LATER_US],
  ['the event, and the packet later', 'completion-port', LATER_US, 0],
];

describe.each(WAYS)('the status by %s', (_name, statusSignal, packetUs, eventUs) => {
  const open = (): Peerweave => {
    peerdist.setPortSignals(packetUs, eventUs);
    return createPeerweave({ driver: createWindowsDriver({ libraries, statusSignal }) });
  };

  const close = async ({ env }: Peerweave): Promise<void> => {
    // What comes late finds nobody, but the event and the port must still be there.
    await vi.waitUntil(() => peerdist.pending() === 0);
    await env.driver.dispose();
    expect(leftoversOf(simulators)).toEqual({});
  };

  const follow = (session: DistributionSession) => {
    const told: string[] = [];
    const subscription = distributionStatus(session).subscribe((event) => {
      told.push(event._tag === 'Status' ? event.status : event.error.message);
    });
    return { told, subscription };
  };

  /** Nothing is under way but that many registrations, and there was time to hear of all that came. */
  const quiet = async (registrations: number): Promise<void> => {
    await vi.waitUntil(() => peerdist.pending() === registrations, { timeout: 10_000 });
    await sleep(50);
  };

  it('is emitted once for each change, also when a second signal comes after the next registration', async () => {
    const peers = open();
    await using session = await peers.promise(peers.effects.openSession());
    const { told, subscription } = follow(session);
    const changes = [UNAVAILABLE, AVAILABLE, DISABLED, AVAILABLE, DISABLED, UNAVAILABLE, AVAILABLE];
    const expected: string[] = ['available'];
    for (const status of changes) {
      await quiet(1);
      expect(told).toEqual(expected);
      peerdist.setStatus(status, SOON_US);
      expected.push(NAMES[status]);
      await vi.waitUntil(() => told.length >= expected.length, { timeout: 10_000 });
    }
    await quiet(1);
    expect(told).toEqual(expected);
    subscription.unsubscribe();
    await session.close();
    await close(peers);
  });

  it('reaches 200 sessions at once, each once', async () => {
    const peers = open();
    const sessions = await Promise.all(
      Array.from({ length: 200 }, () => peers.promise(peers.effects.openSession())),
    );
    const followed = sessions.map(follow);
    for (const status of [DISABLED, AVAILABLE] as const) {
      await quiet(sessions.length);
      peerdist.setStatus(status, AT_ONCE);
      const isTold = ({ told }: { readonly told: readonly string[] }): boolean =>
        told.at(-1) === NAMES[status];
      await vi.waitUntil(() => followed.every(isTold), { timeout: 10_000 });
    }
    await quiet(sessions.length);
    for (const { told } of followed) expect(told).toEqual(['available', 'disabled', 'available']);
    for (const session of sessions) await session.close();
    await close(peers);
  });

  it('ends with the session, also while nothing changes', async () => {
    peerdist.setPortSignals(packetUs, eventUs);
    const driver = createWindowsDriver({ libraries, statusSignal });
    const session = await driver.distribution.startup();
    const { changed } = await driver.distribution.registerStatusChange(session);
    const aborted = expect(changed).rejects.toMatchObject({ symbol: 'ERROR_OPERATION_ABORTED' });
    await driver.distribution.shutdown(session);
    await aborted;
    await vi.waitUntil(() => peerdist.pending() === 0);
    await driver.dispose();
    expect(leftoversOf(simulators)).toEqual({});
  });
});

describe('the completion key', () => {
  it('is ignored without a port: the event tells, and no packet comes anywhere', async () => {
    const paths = pathsFor(libraries);
    const runtime = await createRuntime({ clock: systemClock, statusSignal: 'event', paths });
    const { native, distributionEvent, completionPort, release } = runtime;
    let [signals, packets] = [0, 0];
    const listening = distributionEvent.listen(() => signals++);
    const { key, forget } = completionPort.expect(() => packets++);
    const overlapped = native.allocate(OVERLAPPED.size + STATUS_BYTES);
    const fields = new DataView(new ArrayBuffer(OVERLAPPED.size));
    fields.setBigUint64(OVERLAPPED.fields.hEvent.offset, listening.event, true);
    native.write(overlapped, new Uint8Array(fields.buffer));

    const session = native.frame((frame) => {
      const handle = frame.reserve(8);
      native.win32('PeerDistStartup', 1, handle.address, NULL);
      return u64In(handle);
    });
    const status = overlapped + BigInt(OVERLAPPED.size);
    // The first registration of a session is answered at once, as the service is not disabled.
    expect(native.code(REGISTER, session, NULL, key, overlapped, status)).toBe(WIN32_CODES.ERROR_IO_PENDING);
    await vi.waitUntil(() => signals === 1);
    const block = { overlapped, room: STATUS_BYTES, whole: true };
    expect(completionOf(native, block)?.code).toBe(WIN32_CODES.ERROR_SUCCESS);
    // Time for a packet to be found, if there were one.
    await sleep(100);
    expect(packets).toBe(0);

    native.free(overlapped);
    native.win32('PeerDistShutdown', session);
    forget();
    await listening.leave();
    await release();
    expect(leftoversOf(simulators)).toEqual({});
  });
});
