import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/driver/index.js';
import { loadFfi } from '../../src/native/ffi.js';
import { Frame, u64In } from '../../src/native/frame.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { pathsFor } from '../../src/native/platform.js';
import { createRuntime } from '../../src/native/runtime.js';
import { flows, PASSWORD_TEXT } from './flows.js';
import { leftoversOf, resetMachines } from './leftovers.js';
import { buildSimulators } from './simulators.js';
import { watch } from './watched-ffi.js';

vi.mock('../../src/native/ffi.js', async (actual) =>
  (await import('./watched-ffi.js')).watchedModule(await actual()),
);

const simulators = buildSimulators();
const [machine] = simulators.machines;
const directory = mkdtempSync(join(tmpdir(), 'peerweave-secrets-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
  simulators.remove();
});

const PASSWORD = Buffer.from('correct horse', 'utf16le');
const LONG_US = 100_000;

describe('a password', () => {
  it('is encrypted while its call waits for a turn, clear for the call and gone afterwards', async () => {
    const paths = pathsFor(machine.libraries);
    const { native, release } = await createRuntime({ clock: systemClock, statusSignal: 'event', paths });
    const ffi = await loadFfi();
    // Wine's CryptProtectMemory does nothing; that it is called on the password is all that shows there.
    const probe = new Frame(ffi).reserve(16);
    native.bool('CryptProtectMemory', probe.address, probe.bytes.length, 0);
    const encrypts = probe.bytes.some((byte) => byte !== 0);

    machine.p2p.setLatency(LONG_US);
    watch.reset();
    const begin = (): {
      readonly frame: Frame;
      readonly held: () => Buffer;
      readonly done: Promise<void>;
    } => {
      const frame = new Frame(ffi);
      const password = frame.secret({ use: (use) => use(PASSWORD) }, 'password');
      const [cell] = frame.secrets;
      const out = frame.reserve(8);
      const done = native
        .slowHresult(frame, 'PeerIdentityExport', 0n, password, out.address)
        .then(() => native.take(u64In(out), () => undefined));
      return { frame, held: () => Buffer.from(cell?.bytes ?? []), done };
    };
    const [first, second, waiting] = [begin(), begin(), begin()];
    const crypted = (): readonly (number | undefined)[] =>
      ['CryptProtectMemory', 'CryptUnprotectMemory'].map((name) => watch.callsOf.get(name));
    expect(crypted()).toEqual([3, 2]);
    expect(waiting.held().includes(PASSWORD)).toBe(!encrypts);
    await Promise.all([first.done, second.done, waiting.done]);
    expect(crypted()).toEqual([3, 3]);
    expect(waiting.held().includes(PASSWORD)).toBe(true);
    for (const { frame, held } of [first, second, waiting]) {
      frame.release();
      expect(held().every((byte) => byte === 0)).toBe(true);
    }
    resetMachines(simulators);
    await release();
  });

  it('that cannot be protected is given to nobody', async () => {
    const driver = createWindowsDriver({ libraries: machine.libraries });
    const name = await driver.identity.create({});
    watch.reset(1);
    const password = { use: <Result>(use: (text: Uint8Array) => Result) => use(PASSWORD) };
    await expect(driver.identity.export(name, password)).rejects.toMatchObject({
      symbol: 'ERROR_NOT_ENOUGH_MEMORY',
      space: 'hresult',
    });
    expect(machine.p2p.calls('PeerIdentityExport')).toBe(0);
    await driver.dispose();
    resetMachines(simulators);
  });

  it('is nowhere in the memory that native calls were made with, once they have returned', async () => {
    watch.lent = new Set();
    const text = Buffer.from(PASSWORD_TEXT, 'utf16le');
    let uses = 0;
    for (const { run } of flows(machine)) {
      watch.reset();
      const driver = createWindowsDriver({ libraries: machine.libraries });
      await run(driver, directory);
      await driver.dispose();
      uses += watch.callsOf.get('CryptUnprotectMemory') ?? 0;
      expect(leftoversOf(simulators)).toEqual({});
      resetMachines(simulators);
    }
    // Exports and imports of identity and configuration, the creation of a group, joining it, changing it.
    expect(uses).toBe(6);
    const pieces = [...watch.lent].map((buffer) => Buffer.from(buffer));
    expect(pieces.some((piece) => piece.includes(text))).toBe(false);
    expect(pieces.length).toBeGreaterThan(50);
  });
});
