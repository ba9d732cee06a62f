/** From a change of the status to who hears of it, against a signal to a listener of the pump itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/driver/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { pathsFor } from '../../src/native/platform.js';
import { createRuntime } from '../../src/native/runtime.js';
import { waitCalls } from '../../src/native/wait-calls.js';
import { createPeerweave, distributionStatus } from '../../src/streams/index.js';
import { AT_ONCE, type Machine, type Simulators } from '../../test/native/simulators.js';
import { against, delayOf, report, type Signalled } from './measures.js';

const TURNS = 50;
const ROUNDS = 25;
/**
 * Between hearing of a signal and the next one: long enough for the thread that waits to be asleep again, as a signal
 * that still finds it awake has nobody to wake, and long enough for caches to go cold.
 */
const GAPS_MS = [1, 2];

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
      await sleep(gapMs);
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
      await sleep(gapMs);
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
      do await sleep(gapMs);
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
  const bare = await bareListener(first, gapMs);
  const listeners = [
    { who: 'the contract', ...(await contractListener(first, gapMs)) },
    { who: 'a subscriber', ...(await streamListener(second, gapMs)) },
  ];
  const samples = listeners.map((listener) => delayOf(TURNS, listener));
  const compared = await against(delayOf(TURNS, bare), samples, ROUNDS);
  for (const [index, { value, reference, ratio }] of compared.entries()) {
    report(`to ${listeners[index]?.who} against the pump, ${gapMs} ms rest`, value, reference, 2, ratio);
  }
  for (const { end } of [...listeners, bare]) await end();
  first.peerdist.reset();
  second.peerdist.reset();
};

export const benchSignal = async (simulators: Simulators): Promise<void> => {
  for (const gapMs of GAPS_MS) await benchAfter(simulators, gapMs);
};
