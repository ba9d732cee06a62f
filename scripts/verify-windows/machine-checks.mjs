import { spawn, spawnSync } from 'node:child_process';
import os from 'node:os';
import { assert, Skip, within } from './outcome.mjs';

const SERVICES = ['PNRPsvc', 'p2pimsvc', 'p2psvc', 'PeerDistSvc'];
const EXIT_CODE = 7;

/** What there is of a library; skips where this edition of Windows does not have it. */
const exportsOf = async (context, library, all) => {
  const { findings } = await context.support();
  const finding = findings.find(({ subject }) => subject.toLowerCase().startsWith(library));
  if (finding === undefined) throw new Skip('koffi or the platform is in the way, see doctor');
  if (!finding.ok) throw new Skip(`${finding.detail}; ${finding.advice}`);
  assert(finding.detail.startsWith('all ') || all.includes(finding.detail.split(' ')[0]), finding.detail);
  return finding.detail;
};

/** A process that waits for events of a group, where it can, and for the status, and then ends by itself. */
const waitingProgram = (entry, libraries) => `
  import { createWindowsDriver } from ${JSON.stringify(entry)};
  const { grouping, identity, distribution } = createWindowsDriver({ libraries: ${JSON.stringify(libraries)} });
  const armed = [];
  const arm = (what, run) => run().then(() => armed.push(what), () => undefined);
  await arm('status', async () => distribution.registerStatusChange(await distribution.startup()));
  await arm('events', async () => {
    await grouping.startup();
    const name = await identity.create({ classifier: 'peerweave-verify' });
    const group = await grouping.create({ creatorPeerName: name });
    await grouping.registerEvents(group, [{ kind: 'StatusChanged' }], () => undefined);
    const { groupPeerName } = await grouping.getProperties(group);
    await grouping.delete(name, groupPeerName).catch(() => undefined);
    await identity.delete(name).catch(() => undefined);
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  process.exit(armed.length === 0 ? 1 : ${EXIT_CODE});
`;

/** What needs neither a group nor content. */
export const MACHINE_CHECKS = [
  {
    name: 'build',
    run: async (context) => {
      try {
        context.built.build();
        return 'tsup';
      } finally {
        context.peerweave = await context.built.load().catch((error) => {
          context.loadError = error;
          return undefined;
        });
        context.support = () => {
          if (context.peerweave === undefined) throw context.loadError;
          return context.peerweave.native.probeWindows({ libraries: context.libraries });
        };
      }
    },
  },
  {
    name: 'platform',
    run: ({ libraries }) => {
      assert(process.platform === 'win32' || libraries !== undefined, `this is ${process.platform}`);
      assert(['x64', 'arm64'].includes(process.arch), `${process.arch} is not supported`);
      return `${os.version()}, ${process.arch}`;
    },
  },
  { name: 'exports of P2P.dll', run: (context) => exportsOf(context, 'p2p', []) },
  // Windows 7 has 23 of them.
  { name: 'exports of PeerDist.dll', run: (context) => exportsOf(context, 'peerdist', ['23']) },
  {
    name: 'services',
    run: ({ libraries }) => {
      if (libraries !== undefined) throw new Skip('simulated libraries need no services');
      const stateOf = (service) => {
        const { stdout, error } = spawnSync('sc.exe', ['query', service], {
          encoding: 'utf8',
          timeout: 20_000,
        });
        if (error !== undefined) throw new Skip(`sc.exe: ${error.message}`);
        // The words are translated, the numbers are not: TYPE, then STATE.
        const [, state] = [...stdout.matchAll(/:\s+([0-9a-f]+)\s+\S/gi)].map(([, number]) => number);
        return `${service} ${state ?? 'is not installed'}`;
      };
      return `${SERVICES.map(stateOf).join(', ')} (1 stopped, 4 running)`;
    },
  },
  {
    name: 'doctor',
    run: async (context) => {
      const { findings } = await context.support();
      const told = findings
        .map(({ subject, ok, detail }) => `${ok ? '' : 'NO '}${subject}: ${detail}`)
        .join('; ');
      assert(findings.length >= 6, told);
      for (const { ok, advice, subject } of findings) assert(ok || advice, `no advice for ${subject}`);
      return told;
    },
  },
  {
    name: 'process exit',
    run: async ({ built, libraries }) => {
      const child = spawn(
        process.execPath,
        ['--input-type=module', '-e', waitingProgram(built.entry('native'), libraries)],
        { stdio: 'ignore', cwd: built.directory },
      );
      const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));
      const code = await within(30_000, 'the process', ended).finally(() => child.kill());
      if (code === 1) throw new Skip('there was nothing that it could wait for');
      assert(code === EXIT_CODE, `ended with ${code} instead of ${EXIT_CODE}`);
      return 'a process that waits for native events ends with its own exit code';
    },
  },
];
