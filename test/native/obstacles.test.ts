import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { HRESULT_CODES, hresultFromWin32, WIN32_CODES } from '../../src/driver/index.js';
import { isPeerError, type PeerError } from '../../src/effects/index.js';
import { createWindowsDriver, type LibraryPaths } from '../../src/native/index.js';
import { createPeerweave } from '../../src/streams/index.js';
import { resetMachines } from './leftovers.js';
import { buildSimulators } from './simulators.js';

const simulators = buildSimulators();
const [{ libraries, p2p, peerdist }] = simulators.machines;
const directory = mkdtempSync(join(tmpdir(), 'peerweave-obstacles-'));
const ownProcessor = process.arch;
afterEach(() => {
  Object.defineProperty(process, 'arch', { value: ownProcessor });
  resetMachines(simulators);
});
afterAll(() => {
  rmSync(directory, { recursive: true });
  simulators.remove();
});

/** Both libraries as `change` makes them. */
const changed = (change: (library: Buffer) => Buffer): Partial<LibraryPaths> => {
  const copy = (name: 'p2p' | 'peerdist'): string => {
    const path = join(mkdtempSync(join(directory, 'library-')), `${name}.dll`);
    writeFileSync(path, change(readFileSync(libraries[name] ?? '')));
    return path;
  };
  return { ...libraries, p2p: copy('p2p'), peerdist: copy('peerdist') };
};

const AARCH64 = { elf: 183, pe: 0xaa64 };
const I386 = { elf: 3, pe: 0x014c };

/** For the other 64-bit processor or, where that is this one's, for a 32-bit one. */
const forAnotherProcessor = (library: Buffer): Buffer => {
  const other = ownProcessor === 'arm64' ? I386 : AARCH64;
  const isElf = library.subarray(0, 4).equals(Buffer.from('\x7fELF', 'latin1'));
  // e_machine of an ELF header; Machine of the COFF header that a PE file points to.
  if (isElf) library.writeUInt16LE(other.elf, 18);
  else library.writeUInt16LE(other.pe, library.readUInt32LE(0x3c) + 4);
  return library;
};

const errorOf = async (call: Promise<unknown>): Promise<PeerError> => {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isPeerError(error)) expect.fail(`expected a PeerError, got ${String(error)}`);
  return error;
};

/** What somebody meets who opens a group and a session there, and what `peerweave doctor` tells. */
const meet = async (paths: Partial<LibraryPaths> | undefined) => {
  const driver = createWindowsDriver({ libraries: paths });
  const { effects, promise } = createPeerweave({ driver });
  const creatorPeerName = `${'0'.repeat(40)}.ada`;
  const grouping = await errorOf(promise(effects.createGroup({ creatorPeerName })));
  const distribution = await errorOf(promise(effects.openSession()));
  const { findings } = await driver.support();
  await driver.dispose();
  return { errors: [grouping, distribution], bad: findings.filter(({ ok }) => !ok) };
};

const WHAT_TO_DO = /engine|edition|install|start|enable|wait/i;

describe('what is missing is told, with what to do, when there is', () => {
  const swapped = { ...libraries, p2p: libraries.peerdist, peerdist: libraries.p2p } as LibraryPaths;
  it.each([
    ['no library', () => ({ ...libraries, p2p: join(directory, 'p2p.dll'), peerdist: '/nowhere/x.dll' })],
    ['a library for another processor', () => changed(forAnotherProcessor)],
    ['a library that is none', () => changed(() => Buffer.from('not a library'))],
    ['a library without the functions', () => swapped],
    ['no path to a library', () => ({ ...libraries, p2p: undefined, peerdist: 5 }) as never],
  ])('%s', async (_name, paths) => {
    const { errors, bad } = await meet(paths());
    for (const { _tag, advice, message } of errors) {
      expect(['Unsupported', 'Unavailable', 'BadArgument'], message).toContain(_tag);
      expect(advice).toMatch(/\w+ \w+/);
    }
    expect(bad.length).toBeGreaterThan(0);
    for (const { advice } of bad) expect(advice).toMatch(WHAT_TO_DO);
  });

  it('a Node.js for a 32-bit processor', async () => {
    Object.defineProperty(process, 'arch', { value: 'ia32' });
    const { errors, bad } = await meet(libraries);
    for (const { _tag, message } of errors) {
      expect(_tag).toBe('Unsupported');
      expect(message).toContain('ia32');
    }
    expect(bad).toEqual([
      expect.objectContaining({ subject: 'platform', detail: expect.stringContaining('ia32') as string }),
    ]);
  });

  it.each([
    [HRESULT_CODES.PEER_E_SERVICE_NOT_AVAILABLE, WIN32_CODES.PEERDIST_ERROR_SERVICE_UNAVAILABLE],
    [HRESULT_CODES.PEER_E_CANNOT_START_SERVICE, WIN32_CODES.ERROR_SERVICE_DEPENDENCY_FAIL],
    [hresultFromWin32(WIN32_CODES.ERROR_SERVICE_DEPENDENCY_FAIL), WIN32_CODES.PEERDIST_ERROR_NOT_INITIALIZED],
  ])('a service that is not there (%i, %i)', async (hresult, code) => {
    p2p.fail('PeerGroupStartup', 0, hresult);
    peerdist.fail('PeerDistStartup', 0, code);
    const { errors, bad } = await meet(libraries);
    for (const { _tag, advice } of errors) {
      expect(['Unavailable', 'NotReady']).toContain(_tag);
      expect(advice).toMatch(/\w+ \w+/);
    }
    expect(bad.map(({ subject }) => subject)).toEqual(['grouping service', 'distribution service']);
    for (const { advice } of bad) expect(advice).toMatch(WHAT_TO_DO);
  });
});
