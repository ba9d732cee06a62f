import { describe, expect, it } from 'vitest';
import { isDriverFault } from '../../src/driver/index.js';
import { createWindowsDriver, probeWindows } from '../../src/native/index.js';
import { everyMember } from './every-member.js';

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
