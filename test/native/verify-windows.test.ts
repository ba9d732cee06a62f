import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { buildSimulators, type Machine } from './simulators.js';

// What somebody with a Windows machine runs: here on the simulated libraries, so that it still works when they do.
const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const SCRIPT = at('scripts/verify-windows.mjs');
// Under Wine the package is looked for beside the koffi for Windows; run.sh puts it there.
const PACKAGE = at(process.platform === 'win32' ? 'test/windows/node_modules/peerweave' : '.');

const simulators = buildSimulators();
const directory = mkdtempSync(join(tmpdir(), 'peerweave-verify-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
  simulators.remove();
});

interface Line {
  readonly check: string;
  readonly result: string;
  readonly detail: string;
}

const verify = async (libraries: Machine['libraries'], ...more: readonly string[]) => {
  const out = join(mkdtempSync(join(directory, 'report-')), 'report.md');
  const named = Object.entries(libraries).flatMap(([name, path]) => ['--library', `${name}=${path}`]);
  const args = [SCRIPT, '--package', PACKAGE, '--out', out, ...named, ...more];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  const lines = readFileSync(out, 'utf8')
    .split('\n')
    .filter((line) => /^\| .* \| (pass|FAIL|skip) \|/.test(line))
    .map((line): Line => {
      const [check = '', result = '', , detail = ''] = line.slice(2).split(' | ');
      return { check, result, detail };
    });
  return { code, lines };
};

const named = (lines: readonly Line[], result: string): readonly string[] =>
  lines.filter((line) => line.result === result).map(({ check }) => check);

const NEEDS_WINDOWS = ['build', 'services', 'content information'];
const NEEDS_ANOTHER = [
  'Windows retrieves from the engine',
  'the engine retrieves from Windows',
  'two members of a group talk',
];

describe('verify:windows', { timeout: 120_000 }, () => {
  it('passes every check that can be made on simulated libraries', async () => {
    const { code, lines } = await verify(simulators.machines[0].libraries, '--flip', 'simulator');
    expect(lines.filter(({ result }) => result === 'FAIL')).toEqual([]);
    expect(named(lines, 'skip')).toEqual([...NEEDS_WINDOWS, ...NEEDS_ANOTHER]);
    expect(named(lines, 'pass').length).toBeGreaterThan(15);
    expect(code).toBe(0);
  });

  it('skips with the reason what an edition of Windows does not have, and leaves the machine alone', async () => {
    const libraries = { ...simulators.windows7.libraries, p2p: join(directory, 'p2p.dll') };
    const { code, lines } = await verify(libraries);
    expect(lines.filter(({ result }) => result === 'FAIL')).toEqual([]);
    const skipped = lines.filter(({ result }) => result === 'skip');
    for (const check of ['exports of P2P.dll', 'identity', 'group goes online'])
      expect(skipped.find((line) => line.check === check)?.detail).toContain('p2p.dll');
    expect(skipped.find(({ check }) => check === 'status flip')?.detail).toContain('--flip netsh');
    expect(named(lines, 'pass')).toContain('publish and retrieve');
    expect(lines.find(({ check }) => check === 'exports of PeerDist.dll')?.detail).toContain('23 of 28');
    expect(code).toBe(0);
  });

  it('tells what fails, and by its exit code that something did', async () => {
    const { p2p = '', ...others } = simulators.machines[0].libraries;
    // A library of the right name without any of its functions. It finds its neighbours from there.
    const beside = mkdtempSync(join(simulators.directory, 'swapped-'));
    const peerdist = join(beside, basename(others.peerdist ?? ''));
    copyFileSync(p2p, peerdist);
    const { code, lines } = await verify({ ...others, p2p, peerdist });
    rmSync(beside, { recursive: true });
    expect(named(lines, 'FAIL')).toContain('exports of PeerDist.dll');
    expect(named(lines, 'pass')).toContain('identity');
    expect(code).toBe(1);
  });
});
