import type { Simulators } from './simulators.js';

/** Handles, memory, operations and kernel objects that the simulated DLLs still count, by kind; nothing that is zero. */
export const leftoversOf = ({ machines, liveObjects }: Simulators): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries({
      peerHandles: machines.map(({ p2p }) => p2p.openHandles()),
      peerBlocks: machines.map(({ p2p }) => p2p.blocksHandedOut()),
      distributionHandles: machines.map(({ peerdist }) => peerdist.openHandles()),
      operations: machines.map(({ peerdist }) => peerdist.pending()),
      kernelObjects: [liveObjects()],
    })
      .map(([kind, counts]) => [kind, counts.reduce((sum, count) => sum + count, 0)] as const)
      .filter(([, count]) => count !== 0),
  );

/** Makes both machines as new. */
export const resetMachines = ({ machines }: Simulators): void => {
  for (const { p2p, peerdist } of machines) {
    p2p.reset();
    peerdist.reset();
  }
};
