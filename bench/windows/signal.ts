/** From a change of the status to who hears of it, against a signal to a listener of the pump itself. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/driver/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { pathsFor } from '../../src/native/platform.js';
import { createRuntime } from '../../src/native/runtime.js';
import { waitCalls } from '../../src/native/wait-calls.js';
import { createPeerweave, distributionStatus } from '../../src/streams/index.js';
import { AT_ONCE, type Machine, type Simulators } from '../../test/native/simulators.js';
import { delayOf, inTurn, report, type Signalled } from './measures.js';

const TURNS = 200;
const ROUNDS = 7;
/** Between hearing of a signal and the next one: as soon as everybody waits again, and long enough for caches to go cold. */
const GAPS_MS = [0, 2];

const rest = (ms: number): Promise<unknown> => (ms === 0 ? nextTurn() : sleep(ms));

/** What is measured, and how to end it. */
type Listener = Signalled & { readonly end: () => Promise<void> };

const bareListener = async ({ libraries }: Machine, gapMs: number): Promise<Listener> => {
  const paths = pathsFor(libraries);
  const { native, pump, release } = await createRuntime({ clock: systemClock, statusSignal: 'event', paths });
  const { createEvent, setEvent, closeHandle } = waitCalls(native);
  const event = createEvent();
  let hear: () => void = () => undefined;
  pump.add(event, () => hear());
  return {
    listen: async () => {
      await rest(gapMs);
      return { heard: new Promise<void>((resolve) => (hear = resolve)) };
    },
    signal: () => void setEvent(event),
    end: async () => {
      await pump.remove(event);
      closeHandle(event);
      await release();
    },
  };
};

/** Turns the service of a machine of its own off and on. */
const switchOf = ({ peerdist }: Machine): (() => void) => {
  let status = 0;
  return () => {
    peerdist.setStatus(status, AT_ONCE);
    status = 2 - status;
  };
};

const contractListener = async (machine: Machine, gapMs: number): Promise<Listener> => {
  const driver = createWindowsDriver({ libraries: machine.libraries });
  const session = await driver.distribution.startup();
  return {
    listen: async () => {
      const { changed } = await driver.distribution.registerStatusChange(session);
      await rest(gapMs);
      return { heard: changed };
    },
    signal: switchOf(machine),
    end: () => driver.dispose(),
  };
};

const streamListener = async (machine: Machine, gapMs: number): Promise<Listener> => {
  const peers = createPeerweave({ driver: createWindowsDriver({ libraries: machine.libraries }) });
  const session = await peers.promise(peers.effects.openSession());
  let hear: () => void = () => undefined;
  const subscription = distributionStatus(session).subscribe(() => hear());
  return {
    listen: async () => {
      // Until it has registered again.
      do await rest(gapMs);
      while (machine.peerdist.pending() === 0);
      return { heard: new Promise<void>((resolve) => (hear = resolve)) };
    },
    signal: switchOf(machine),
    end: async () => {
      subscription.unsubscribe();
      await session.close();
      await peers.env.driver.dispose();
    },
  };
};

const benchAfter = async ({ machines: [first, second] }: Simulators, gapMs: number): Promise<void> => {
  const listeners = [
    await contractListener(first, gapMs),
    await streamListener(second, gapMs),
    await bareListener(first, gapMs),
  ] as const;
  const samples = listeners.map((listener) => delayOf(TURNS, listener));
  const [contract = 0, stream = 0, bare = 0] = await inTurn(samples, ROUNDS);
  report(`to the contract against the pump, ${gapMs} ms rest`, contract, bare, 2);
  report(`to a subscriber against the pump, ${gapMs} ms rest`, stream, bare, 2);
  for (const { end } of listeners) await end();
  first.peerdist.reset();
  second.peerdist.reset();
};

export const benchSignal = async (simulators: Simulators): Promise<void> => {
  for (const gapMs of GAPS_MS) await benchAfter(simulators, gapMs);
};
