import { afterAll, describe, expect, it } from 'vitest';
import { isDriverFault } from '../../src/driver/index.js';
import { createWindowsDriver, probeWindows, type LibraryPaths } from '../../src/native/index.js';
import { everyMember } from './every-member.js';
import { buildSimulators } from './simulators.js';

const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

if (process.platform !== 'win32')
  describe('where there is no Windows', () => {
    it.each(everyMember(createWindowsDriver()))('$name says what to do instead', async ({ call }) => {
      const error = await failureOf(call());
      if (!isDriverFault(error)) expect.fail(`got ${String(error)}`);
      expect(['E_NOTIMPL', 'ERROR_NOT_SUPPORTED']).toContain(error.symbol);
      expect(error.reason).toMatch(/embedded engine|administrator/);
    });

    it('the probe finds nothing and never rejects', async () => {
      const { findings } = await probeWindows();
      expect(findings.some(({ ok, advice }) => !ok && advice !== undefined)).toBe(true);
    });
  });

describe('a library that is not there', () => {
  const libraries = {
    p2p: '/nowhere/p2p.dll',
    peerdist: '/nowhere/peerdist.dll',
    kernel32: '/nowhere/kernel32.dll',
  };

  it.each(everyMember(createWindowsDriver({ libraries })))(
    'fails $name and nothing else',
    async ({ call }) => {
      expect(isDriverFault(await failureOf(call()))).toBe(true);
    },
  );

  it('is named by the fault and by the findings, with advice', async () => {
    const driver = createWindowsDriver({ libraries });
    const error = await failureOf(driver.identity.getDefault());
    if (!isDriverFault(error)) expect.fail(`got ${String(error)}`);
    expect(error.symbol).toBe('ERROR_MOD_NOT_FOUND');
    expect(error.reason).toContain('p2p.dll');
    const { findings } = await driver.support();
    const bad = findings.filter(({ ok }) => !ok);
    expect(bad.map(({ subject }) => subject)).toEqual(expect.arrayContaining(['p2p.dll', 'peerdist.dll']));
    for (const { advice } of bad) expect(advice).toMatch(/\w+ \w+/);
  });
});

describe('a library that lacks a function', () => {
  const simulators = buildSimulators();
  const [{ libraries }] = simulators.machines;
  afterAll(() => simulators.remove());
  // Each in the place of the other: none has what is looked for.
  const swapped = { ...libraries, p2p: libraries.peerdist, peerdist: libraries.p2p } as LibraryPaths;

  it('fails the callers of that function only, as not supported', async () => {
    const driver = createWindowsDriver({ libraries: { ...swapped, p2p: libraries.p2p ?? '' } });
    const error = await failureOf(driver.distribution.startup());
    if (!isDriverFault(error)) expect.fail(`got ${String(error)}`);
    expect(error.symbol).toBe('ERROR_NOT_SUPPORTED');
    expect(error.reason).toContain('PeerDistStartup');
    expect(await driver.identity.getDefault()).toMatch(/^[0-9a-f]{40}\./);
    await driver.dispose();
  });

  it('is counted by the findings', async () => {
    const { findings } = await createWindowsDriver({ libraries: swapped }).support();
    const details = findings.map(({ detail }) => detail).join('\n');
    expect(details).toContain('0 of 54 functions');
    expect(details).toContain('0 of 28 functions');
  });
});
