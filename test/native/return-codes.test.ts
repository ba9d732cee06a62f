import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  HRESULT_CODES,
  hresultFromWin32,
  isDriverFault,
  WIN32_CODES,
  type DriverFault,
} from '../../src/driver/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { leftoversOf, resetMachines } from './leftovers.js';
import { buildSimulators } from './simulators.js';
import { windowsApi } from './windows-api.js';

const simulators = buildSimulators();
const [machine] = simulators.machines;
afterEach(() => resetMachines(simulators));
afterAll(() => simulators.remove());

const faultOf = async (call: Promise<unknown>): Promise<DriverFault> => {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isDriverFault(error)) expect.fail('expected a DriverFault');
  return error;
};

const documentedErrors = (name: string): readonly string[] =>
  windowsApi.functions.find((known) => known.name === name)?.errors ?? [];

/** As a grouping function answers them, and two of the CRYPT_ codes that may leak through it. */
const created: readonly (readonly [string, number])[] = [
  ...documentedErrors('PeerGroupCreate').map((symbol): readonly [string, number] => [
    symbol,
    symbol in HRESULT_CODES
      ? HRESULT_CODES[symbol as keyof typeof HRESULT_CODES]
      : hresultFromWin32(WIN32_CODES[symbol as keyof typeof WIN32_CODES]),
  ]),
  ['UNKNOWN', 0x80092004],
  ['UNKNOWN', 0x80093005],
];

describe('PeerGroupCreate', () => {
  it.each(created)('answers %s', async (symbol, code) => {
    const driver = createWindowsDriver({ libraries: machine.libraries });
    await driver.grouping.startup();
    const creatorPeerName = await driver.identity.create({});
    machine.p2p.fail('PeerGroupCreate', 1, code);
    const { space, number, symbol: name } = await faultOf(driver.grouping.create({ creatorPeerName }));
    expect({ space, number, name }).toEqual({ space: 'hresult', number: code, name: symbol });
    await driver.dispose();
    expect(leftoversOf(simulators)).toEqual({});
  });
});

describe('PeerDistRegisterForStatusChangeNotification', () => {
  it.each(documentedErrors('PeerDistRegisterForStatusChangeNotification'))('answers %s', async (symbol) => {
    const driver = createWindowsDriver({ libraries: machine.libraries });
    const session = await driver.distribution.startup();
    const code = WIN32_CODES[symbol as keyof typeof WIN32_CODES];
    machine.peerdist.fail('PeerDistRegisterForStatusChangeNotification', 1, code);
    const fault = await faultOf(driver.distribution.registerStatusChange(session));
    expect({ space: fault.space, symbol: fault.symbol }).toEqual({ space: 'win32', symbol });
    const { changed } = await driver.distribution.registerStatusChange(session);
    await driver.distribution.unregisterStatusChange(session);
    expect((await faultOf(changed)).symbol).toBe('ERROR_OPERATION_ABORTED');
    await driver.dispose();
    expect(leftoversOf(simulators)).toEqual({});
  });

  it('is armed by ERROR_IO_PENDING', async () => {
    const driver = createWindowsDriver({ libraries: machine.libraries });
    const session = await driver.distribution.startup();
    await driver.distribution.registerStatusChange(session);
    expect((await faultOf(driver.distribution.registerStatusChange(session))).symbol).toBe(
      'ERROR_INVALID_PARAMETER',
    );
    await driver.dispose();
    expect(leftoversOf(simulators)).toEqual({});
  });
});
