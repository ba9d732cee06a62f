import { win32FromHresult, type DriverFault } from '../../driver/index.js';
import type { ErrorMeaning } from './error-meaning.js';
import { ERROR_TABLE } from './table.js';

const MEANINGS: ReadonlyMap<string, ErrorMeaning> = new Map(Object.entries(ERROR_TABLE));

const forOperations = (
  operations: readonly string[],
  symbol: string,
  meaning: ErrorMeaning,
): readonly (readonly [string, ErrorMeaning])[] =>
  operations.map((operation) => [`${operation} ${symbol}`, meaning]);

/** Calls for which a code means something narrower than its name says. */
const NARROWER: ReadonlyMap<string, ErrorMeaning> = new Map([
  ...forOperations(['identity.import', 'grouping.importConfig'], 'E_INVALIDARG', {
    tag: 'BadArgument',
    what: 'the password is wrong or the exported text was changed',
    advice: 'Pass the text exactly as it was exported, to the last byte, with the password of that export.',
  }),
  ...forOperations(['grouping.create', 'grouping.importConfig'], 'PEER_E_IDENTITY_NOT_FOUND', {
    tag: 'NotFound',
    what: 'the identity does not exist',
    advice:
      'Check the peer name against the listing of identities; create the identity, or import it, first.',
  }),
  ...forOperations(['identity.import'], 'PEER_E_ALREADY_EXISTS', {
    tag: 'AlreadyExists',
    what: 'the identity is here already',
    advice: 'Use the one that is here, or delete it first.',
  }),
  ...forOperations(['grouping.delete'], 'E_ACCESSDENIED', {
    tag: 'AccessDenied',
    what: 'permission was refused',
    advice: 'Run as the user who owns the group.',
  }),
  ...forOperations(
    ['distribution.publishStream', 'distribution.addFromSource', 'distribution.completeStream'],
    'ERROR_INVALID_DATA',
    {
      tag: 'System',
      what: 'the file has changed while it was published',
      advice: 'Publish it again once nobody writes to it.',
    },
  ),
]);

/** What a code means when `operation` of the contract answers it; `undefined`: not a code of ours. */
export const meaningOf = (symbol: string, operation: string): ErrorMeaning | undefined =>
  NARROWER.get(`${operation} ${symbol}`) ?? MEANINGS.get(symbol);

/**
 * What can be said of a number that no page lists. The grouping calls let codes of the cryptographic, RPC and file
 * system functions underneath them through.
 */
export const meaningOfFamily = ({ space, number }: Pick<DriverFault, 'space' | 'number'>): ErrorMeaning => {
  const win32 = space === 'win32' ? number : win32FromHresult(number);
  const family =
    win32 === undefined
      ? FACILITIES.find(({ facilities }) => facilities.includes(facilityOf(number)))
      : WIN32_RANGES.find(({ first, last }) => win32 >= first && win32 <= last);
  return family?.says ?? OTHER;
};

/** HRESULT_FACILITY of winerror.h. */
const facilityOf = (number: number): number => (number >>> 16) & 0x1fff;

const CRYPTOGRAPHY: ErrorMeaning = {
  tag: 'System',
  what: 'a cryptographic function of the system failed',
  advice:
    "Check that the user's certificates and keys are accessible (profile loaded, not a guest account) and the clock is right.",
};
const RPC: ErrorMeaning = {
  tag: 'Unavailable',
  what: 'the connection to a system service failed',
  advice:
    'Check that the peer networking services (p2psvc, p2pimsvc, PNRPSvc, PeerDistSvc) run, then try again.',
};
const FILES: ErrorMeaning = {
  tag: 'System',
  what: 'a file operation of the system failed',
  advice: 'Check that the path exists, the user may write to it and the disk has space, then try again.',
};
const SERVICES: ErrorMeaning = {
  tag: 'Unavailable',
  what: 'a system service could not be used',
  advice: 'Check that the peer networking services are installed, enabled and running, then try again.',
};
const NETWORK: ErrorMeaning = {
  tag: 'System',
  what: 'a network function of the system failed',
  advice: 'Check that the network is up and IPv6 is enabled, then try again.',
};
const PEER_NETWORKING: ErrorMeaning = {
  tag: 'System',
  what: 'peer networking failed with a code that its documentation does not list',
  advice: 'Run `peerweave doctor`; if the cause stays unclear, report the number.',
};
const OTHER: ErrorMeaning = {
  tag: 'System',
  what: 'the system failed with a code that the documentation of the call does not list',
  advice: 'Look the number up in the Windows system error codes; if it stays unclear, report it.',
};

const FACILITIES: readonly { readonly facilities: readonly number[]; readonly says: ErrorMeaning }[] = [
  // FACILITY_SECURITY (NTE_, CRYPT_E_, SEC_E_) and FACILITY_CERT (CERT_E_, TRUST_E_).
  { facilities: [9, 11], says: CRYPTOGRAPHY },
  { facilities: [1], says: RPC },
  { facilities: [3], says: FILES },
  // FACILITY_P2P_INT and FACILITY_P2P.
  { facilities: [98, 99], says: PEER_NETWORKING },
];

/** The ranges in which winerror.h keeps its families. */
const WIN32_RANGES: readonly {
  readonly first: number;
  readonly last: number;
  readonly says: ErrorMeaning;
}[] = [
  { first: 2, last: 4, says: FILES },
  { first: 15, last: 39, says: FILES },
  { first: 80, last: 82, says: FILES },
  { first: 108, last: 112, says: FILES },
  { first: 1051, last: 1079, says: SERVICES },
  { first: 1700, last: 1939, says: RPC },
  { first: 4050, last: 4099, says: PEER_NETWORKING },
  { first: 10_000, last: 11_999, says: NETWORK },
];
