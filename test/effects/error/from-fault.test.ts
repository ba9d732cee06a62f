import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { DriverFault, hresultFault, win32Fault, type FaultSpace } from '../../../src/driver/index.js';
import { cancelled, fromFault, type PeerErrorTag } from '../../../src/effects/error/index.js';
import { spaceOf, windowsApi } from '../../driver/windows-api.js';

/** A fault as a system gives it: a bare number. */
const fault = (space: FaultSpace, number: number): DriverFault =>
  new DriverFault({ space, number, symbol: 'UNKNOWN', operation: 'grouping.create' });

const SUCCESS = /^(?:PEER_S_\w+|S_OK|S_FALSE|ERROR_SUCCESS|ERROR_IO_PENDING)$/;

describe('every documented code', () => {
  it.each(windowsApi.errorCodes.map(({ name, value }) => [name, Number(value)] as const))(
    '%s is named and says what to do',
    (name, number) => {
      const error = fromFault(fault(spaceOf(name), number), 'createGroup');
      expect(error).toMatchObject({ symbol: name, code: name, number, operation: 'createGroup' });
      expect(error.advice).toMatch(/^[A-Z].{10,}\.$/s);
      expect(error.message).toContain(error.advice);
      expect(error.message).toContain(name);
      expect(error._tag === 'Defect').toBe(SUCCESS.test(name));
    },
  );

  const numbers = new Map(windowsApi.errorCodes.map(({ name, value }) => [name, Number(value)]));

  it.each(windowsApi.functions.map(({ name, returns, errors }) => [name, returns, errors] as const))(
    'of %s is a failure that the caller can act on',
    (_name, returns, errors) => {
      for (const symbol of errors) {
        const number = numbers.get(symbol)!;
        const answered = returns === 'HRESULT' && number < 0x1_0000 ? (0x8007_0000 | number) >>> 0 : number;
        const error = fromFault(fault(returns === 'HRESULT' ? 'hresult' : 'win32', answered), 'call');
        expect(error._tag).not.toBe('Defect');
        expect(error.symbol).toBeDefined();
        expect(error.number).toBe(answered);
      }
    },
  );
});

describe('the advice', () => {
  const adviceTo = (operation: string, symbol: 'PEER_E_IDENTITY_NOT_FOUND' | 'PEER_E_ALREADY_EXISTS') =>
    fromFault(hresultFault(operation, symbol), 'call').advice;

  it('fits the call', () => {
    expect(adviceTo('grouping.create', 'PEER_E_IDENTITY_NOT_FOUND')).not.toContain('credential');
    expect(adviceTo('grouping.issueCredentials', 'PEER_E_IDENTITY_NOT_FOUND')).toContain('credential');
    expect(adviceTo('identity.import', 'PEER_E_ALREADY_EXISTS')).not.toContain('overwrite');
    expect(adviceTo('grouping.importConfig', 'PEER_E_ALREADY_EXISTS')).toContain('overwrite');
  });

  it("is the driver's where it has one", () => {
    const advised = hresultFault('grouping.open', 'PEER_E_CERT_STORE_CORRUPTED', { advice: 'Do that.' });
    expect(fromFault(advised, 'openGroup').message).toMatch(/\. Do that\.$/);
  });
});

describe('the tag', () => {
  const tags: readonly (readonly [FaultSpace, string, PeerErrorTag])[] = [
    ['hresult', 'PEER_E_INVALID_GROUP', 'HandleClosed'],
    ['hresult', 'E_HANDLE', 'HandleClosed'],
    ['hresult', 'E_INVALIDARG', 'BadArgument'],
    ['hresult', 'PEER_E_GROUP_NOT_READY', 'NotReady'],
    ['hresult', 'PEER_E_NOT_AUTHORIZED', 'AccessDenied'],
    ['hresult', 'PEER_E_NO_CLOUD', 'NotFound'],
    ['hresult', 'PEER_E_ALREADY_EXISTS', 'AlreadyExists'],
    ['hresult', 'PEER_E_INVITATION_NOT_TRUSTED', 'AccessDenied'],
    ['hresult', 'E_OUTOFMEMORY', 'System'],
    ['hresult', 'E_NOTIMPL', 'Unsupported'],
    ['win32', 'ERROR_INVALID_HANDLE', 'HandleClosed'],
    ['win32', 'PEERDIST_ERROR_INVALIDATED', 'Invalidated'],
    ['win32', 'ERROR_OPERATION_ABORTED', 'Cancelled'],
    ['win32', 'ERROR_ACCESS_DISABLED_BY_POLICY', 'Disabled'],
    ['win32', 'PEERDIST_ERROR_SERVICE_UNAVAILABLE', 'Unavailable'],
    ['win32', 'ERROR_TIMEOUT', 'Timeout'],
    ['win32', 'PEERDIST_ERROR_CANNOT_PARSE_CONTENTINFO', 'Protocol'],
    ['win32', 'ERROR_MOD_NOT_FOUND', 'Unsupported'],
  ];

  it.each(tags)('in %s of %s is %s', (space, symbol, tag) => {
    const number = Number(windowsApi.errorCodes.find(({ name }) => name === symbol)?.value);
    expect(fromFault(fault(space, number), 'call')._tag).toBe(tag);
  });

  it('is the same when a grouping call wraps the Win32 code', () => {
    expect(fromFault(hresultFault('grouping.open', 'ERROR_OPERATION_ABORTED'), 'openGroup')._tag).toBe(
      'Cancelled',
    );
  });
});

describe('an undocumented number', () => {
  // Names and values of winerror.h that the families let through.
  it.each([
    ['NTE_BAD_KEYSET', 'hresult', 0x8009_0016, 'System', /certificates and keys/],
    ['CRYPT_E_NOT_FOUND', 'hresult', 0x8009_2004, 'System', /certificates and keys/],
    ['CERT_E_UNTRUSTEDROOT', 'hresult', 0x800b_0109, 'System', /certificates and keys/],
    ['RPC_E_DISCONNECTED', 'hresult', 0x8001_0108, 'Unavailable', /services/],
    ['RPC_S_SERVER_UNAVAILABLE, wrapped', 'hresult', 0x8007_06ba, 'Unavailable', /services/],
    ['RPC_S_SERVER_UNAVAILABLE', 'win32', 1722, 'Unavailable', /services/],
    ['STG_E_FILENOTFOUND', 'hresult', 0x8003_0002, 'System', /path/],
    ['ERROR_SHARING_VIOLATION', 'win32', 32, 'System', /path/],
    ['ERROR_SERVICE_DOES_NOT_EXIST', 'win32', 1060, 'Unavailable', /services/],
    ['WSAENETDOWN', 'win32', 10_050, 'System', /network/],
    ['an unlisted code of FACILITY_P2P', 'hresult', 0x8063_ffff, 'System', /doctor/],
  ] as const)('of a known family (%s) gets the advice of the family', (_name, space, number, tag, advice) => {
    const error = fromFault(fault(space, number), 'call');
    expect(error).toMatchObject({ _tag: tag, number, symbol: undefined });
    expect(error.advice).toMatch(advice);
  });

  propertyTest.prop([fc.constantFrom<FaultSpace>('hresult', 'win32'), fc.nat({ max: 0xffff_ffff })])(
    'is kept, whatever it is',
    (space, number) => {
      const error = fromFault(fault(space, number), 'call');
      expect(error.number).toBe(number);
      expect(error.message).toContain(number.toString(16));
      expect(error.advice).not.toBe('');
      if (error.symbol === undefined) expect(['System', 'Unavailable']).toContain(error._tag);
    },
  );
});

describe('a fault', () => {
  it('tells the reason of the driver and stays the cause', () => {
    const cause = win32Fault('distribution.publishStream', 'ERROR_NOT_SUPPORTED', {
      reason: 'version 2 is not made here',
    });
    const error = fromFault(cause, 'openPublication');
    expect(error.message).toContain('version 2 is not made here');
    expect(error.cause).toBe(cause);
  });

  it.each(['identity.import', 'grouping.importConfig'])('of %s tells a wrong password', (operation) => {
    expect(fromFault(hresultFault(operation, 'E_INVALIDARG'), 'import').message).toMatch(/password is wrong/);
  });

  propertyTest.prop([fc.anything()])('that is none is a defect', (thrown) => {
    const error = fromFault(thrown, 'call');
    expect(error).toMatchObject({ _tag: 'Defect', code: 'PEERWEAVE_DEFECT', operation: 'call' });
    expect(error.cause).toBe(thrown);
  });

  it('that was converted before passes unchanged', () => {
    const error = cancelled('first');
    expect(fromFault(error, 'second')).toBe(error);
  });
});
