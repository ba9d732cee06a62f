import { firstValueFrom, lastValueFrom, map, take, toArray } from 'rxjs';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { isDriverFault, type Driver, type DriverFault, type GroupCreation } from '../../src/driver/index.js';
import { PeerError } from '../../src/effects/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { createPeerweave, distributionStatus } from '../../src/streams/index.js';
import { windowsApi } from '../driver/windows-api.js';
import { leftoversOf, resetMachines } from './leftovers.js';
import { buildSimulators } from './simulators.js';

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

const valueOf = (symbol: string): number =>
  Number(windowsApi.errorCodes.find(({ name }) => name === symbol)?.value);

/** A driver for one test, which must leave nothing behind. */
const withDriver = async (libraries: object, test: (driver: Driver) => Promise<void>): Promise<void> => {
  const driver = createWindowsDriver({ libraries });
  try {
    await test(driver);
  } finally {
    await driver.dispose();
  }
  expect(leftoversOf(simulators)).toEqual({});
};

describe('PeerGroupCreate', () => {
  // The page calls PEER_E_INVALID_GROUP_PROPERTIES by a name that no header has: PEER_E_INVALID_PROPERTIES.
  const documented = [
    ['E_INVALIDARG', 'BadArgument'],
    ['E_OUTOFMEMORY', 'System'],
    ['PEER_E_CLOUD_NAME_AMBIGUOUS', 'BadArgument'],
    ['PEER_E_INVALID_CLASSIFIER', 'BadArgument'],
    ['PEER_E_INVALID_PEER_NAME', 'BadArgument'],
    ['PEER_E_INVALID_GROUP_PROPERTIES', 'BadArgument'],
    ['PEER_E_NO_CLOUD', 'NotFound'],
    ['PEER_E_NO_KEY_ACCESS', 'AccessDenied'],
    ['PEER_E_PASSWORD_DOES_NOT_MEET_POLICY', 'BadArgument'],
    ['ERROR_DELETE_PENDING', 'NotReady'],
  ] as const;
  const DELETE_PENDING = 303;

  it('has no other documented errors than those below', () => {
    expect(documented.map(([symbol]) => symbol).toSorted()).toEqual(
      [...documentedErrors('PeerGroupCreate')].sort(),
    );
  });

  it.each([
    ...documented.map(
      ([symbol, tag]) =>
        [symbol, symbol === 'ERROR_DELETE_PENDING' ? 0x8007_012f : valueOf(symbol), symbol, tag] as const,
    ),
    // Leaks through from CryptoAPI, with winerror.h's names.
    ['CRYPT_E_NOT_FOUND', 0x8009_2004, undefined, 'System'],
    ['CRYPT_E_EXISTS', 0x8009_2005, undefined, 'System'],
    ['CRYPT_E_NO_KEY_PROPERTY', 0x8009_200b, undefined, 'System'],
    ['CRYPT_E_REVOKED', 0x8009_2010, undefined, 'System'],
    ['CRYPT_E_ASN1_CORRUPT', 0x8009_3103, undefined, 'System'],
    [
      'PEER_E_SERVICE_NOT_AVAILABLE',
      valueOf('PEER_E_SERVICE_NOT_AVAILABLE'),
      'PEER_E_SERVICE_NOT_AVAILABLE',
      'Unavailable',
    ],
    ['ERROR_SERVICE_DOES_NOT_EXIST', 0x8007_0424, undefined, 'Unavailable'],
    ['RPC_S_SERVER_UNAVAILABLE', 0x8007_06ba, undefined, 'Unavailable'],
  ] as const)('answers %s as a typed error of the stream', async (_name, number, symbol, tag) =>
    withDriver(machine.libraries, async (driver) => {
      const peers = createPeerweave({ driver });
      const creatorPeerName = await peers.promise(peers.effects.createIdentity());
      machine.p2p.fail('PeerGroupCreate', 1, number);
      const error: unknown = await firstValueFrom(peers.createGroup({ creatorPeerName })).catch(
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(PeerError);
      expect(error).toMatchObject({ _tag: tag, number, symbol });
      expect(machine.p2p.log().slice(-3)).toEqual([
        'PeerGroupStartup',
        'PeerGroupCreate',
        'PeerGroupShutdown',
      ]);
      const group$ = peers.createGroup({ creatorPeerName });
      expect(await firstValueFrom(group$.pipe(map(({ state }) => state)))).toBe('open');
    }),
  );

  it('answers ERROR_DELETE_PENDING raw, as its page has it: a positive number without a handle', async () =>
    withDriver(machine.libraries, async ({ grouping, identity }) => {
      await grouping.startup();
      const creatorPeerName = await identity.create({});
      machine.p2p.fail('PeerGroupCreate', 1, DELETE_PENDING);
      expect(await faultOf(grouping.create({ creatorPeerName }))).toMatchObject({
        number: 0x8007_012f,
        symbol: 'ERROR_DELETE_PENDING',
      });
    }));

  // What the simulator finds wrong by itself, past the validation of the effects.
  it.each<readonly [string, Partial<GroupCreation>]>([
    ['PEER_E_INVALID_PEER_NAME', { creatorPeerName: 'nobody' }],
    ['PEER_E_NO_KEY_ACCESS', { creatorPeerName: `${'0'.repeat(40)}.stranger` }],
    ['PEER_E_NO_CLOUD', { cloud: 'nowhere' }],
    ['PEER_E_INVALID_CLASSIFIER', { classifier: 'x'.repeat(150) }],
    ['PEER_E_INVALID_GROUP_PROPERTIES', { friendlyName: 'x'.repeat(256) }],
    [
      'PEER_E_PASSWORD_DOES_NOT_MEET_POLICY',
      {
        authentication: {
          certificate: false,
          password: true,
          groupPassword: { use: (use) => use(new Uint8Array(0)) },
        },
      },
    ],
  ])('answers %s to such properties', async (symbol, properties) =>
    withDriver(machine.libraries, async ({ grouping, identity }) => {
      await grouping.startup();
      const creation = { creatorPeerName: await identity.create({}), ...properties };
      expect((await faultOf(grouping.create(creation))).symbol).toBe(symbol);
    }),
  );
});

describe.each([
  ['PeerDistRegisterForStatusChangeNotification', simulators.windows7],
  ['PeerDistRegisterForStatusChangeNotificationEx', machine],
] as const)('%s', (name, { libraries, peerdist }) => {
  afterEach(() => void peerdist.reset());

  it('has no other documented errors than those below', () => {
    const documented = documentedErrors('PeerDistRegisterForStatusChangeNotification');
    expect([...documented].sort()).toEqual(['ERROR_INVALID_HANDLE', 'ERROR_INVALID_PARAMETER']);
  });

  it.each([
    ['ERROR_INVALID_PARAMETER', 87, 'BadArgument'],
    ['ERROR_INVALID_HANDLE', 6, 'HandleClosed'],
  ] as const)('answers %s as a value of the stream, which goes on', async (symbol, number, tag) =>
    withDriver(libraries, async (driver) => {
      const peers = createPeerweave({ driver });
      await using session = await peers.promise(peers.effects.openSession());
      peerdist.fail(name, 1, number);
      const events = await lastValueFrom(distributionStatus(session).pipe(take(2), toArray()));
      expect(events).toMatchObject([
        { _tag: 'Fault', error: { _tag: tag, symbol, number } },
        { _tag: 'Status', status: 'available' },
      ]);
    }),
  );

  it('is armed by its success, and only once', async () =>
    withDriver(libraries, async ({ distribution }) => {
      const session = await distribution.startup();
      const { changed } = await distribution.registerStatusChange(session);
      expect(peerdist.log()).toContain(name);
      // The first registration of a session is answered at once, which is no change; it is made again.
      await vi.waitFor(() => expect([peerdist.calls(name), peerdist.pending()]).toEqual([2, 1]));
      expect((await faultOf(distribution.registerStatusChange(session))).symbol).toBe(
        'ERROR_INVALID_PARAMETER',
      );
      await distribution.unregisterStatusChange(session);
      expect((await faultOf(changed)).symbol).toBe('ERROR_OPERATION_ABORTED');
      expect([peerdist.pending(), peerdist.openHandles()]).toEqual([0, 1]);
    }));

  it('is taken back when the status cannot be read behind it', async () =>
    withDriver(libraries, async ({ distribution }) => {
      const session = await distribution.startup();
      await distribution.getStatus(session);
      peerdist.fail('PeerDistGetStatus', 2, 8);
      expect((await faultOf(distribution.registerStatusChange(session))).symbol).toBe(
        'ERROR_NOT_ENOUGH_MEMORY',
      );
      const { changed } = await distribution.registerStatusChange(session);
      await distribution.unregisterStatusChange(session);
      await faultOf(changed);
    }));
});
