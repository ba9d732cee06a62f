import type { Simulators } from './simulators.js';

/**
 * What the simulated DLLs still count, by kind: handles, startups, memory, operations and kernel objects; what was
 * closed although it was not open, or was open at the shutdown of what it belongs to. Nothing that is zero.
 */
export const leftoversOf = ({
  machines,
  liveObjects,
  refusedHandles,
}: Simulators): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries({
      peerHandles: machines.map(({ p2p }) => p2p.openHandles()),
      peerBlocks: machines.map(({ p2p }) => p2p.blocksHandedOut()),
      peerStartups: machines.map(({ p2p }) => p2p.startups()),
      distributionHandles: machines.map(({ peerdist }) => peerdist.openHandles()),
      operations: machines.map(({ peerdist }) => peerdist.pending()),
      closedTwice: machines.map(({ p2p, peerdist }) => p2p.refusedCloses() + peerdist.refusedCloses()),
      openAtShutdown: machines.map(({ p2p, peerdist }) => p2p.orphans() + peerdist.orphans()),
      kernelObjects: [liveObjects()],
      refusedKernelHandles: [refusedHandles()],
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
