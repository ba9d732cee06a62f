import type { HttpExchangeKind } from '../../driver/index.js';
import { type HeaderValue, listOf, parametersOf } from './header-list.js';
import {
  type CodingVersion,
  EXTENDED_PARAMETERS_HEADER,
  PARAMETER,
  PARAMETERS_HEADER,
  parseVersion,
  PEERDIST,
} from './peerdist-headers.js';

/** What a request says about the `peerdist` coding. */
export type Negotiation =
  | {
      readonly accepts: true;
      /** The version to answer with. */
      readonly version: CodingVersion;
      /** Versions of content information that the client can read. */
      readonly minVersion: 1 | 2;
      readonly maxVersion: 1 | 2;
      readonly kind: Extract<HttpExchangeKind, 'peerdist' | 'hash'>;
    }
  | { readonly accepts: false; readonly kind: Extract<HttpExchangeKind, 'plain' | 'missing-data'> };

type Headers = Readonly<Record<string, HeaderValue>>;

const PLAIN: Negotiation = { accepts: false, kind: 'plain' };

/**
 * Whether a request may be answered with content information, and with which (MS-PCCRTP 2.2, 3.2.5.1). Whatever is
 * broken or of an unknown version is answered with the content itself, which every client can read.
 */
export const negotiate = (headers: Headers): Negotiation => {
  const parameters = parametersOf(headers[PARAMETERS_HEADER]);
  const extended = parametersOf(headers[EXTENDED_PARAMETERS_HEADER]);
  const missingData = parameters?.get(PARAMETER.missingDataRequest)?.toLowerCase() ?? 'false';
  if (missingData === 'true') return { accepts: false, kind: 'missing-data' };
  const version = codingVersion(parameters?.get(PARAMETER.version));
  const range = extended === undefined ? undefined : informationVersions(extended);
  if (missingData !== 'false' || version === undefined || range === undefined) return PLAIN;
  // The specification's example of a hash request has no Accept-Encoding, and what it asks for is plain all the same.
  if (extended?.get(PARAMETER.hashRequest)?.toLowerCase() === 'true') {
    return { accepts: true, version, ...range, kind: 'hash' };
  }
  return acceptsPeerDist(headers['accept-encoding'])
    ? { accepts: true, version, ...range, kind: 'peerdist' }
    : PLAIN;
};

/** Only by name: a client that takes anything (`*`) does not mean that it can read content information. */
const acceptsPeerDist = (value: HeaderValue): boolean =>
  listOf(value).some((element) => {
    const [coding, weight = 'q=1'] = element.split(';').map((part) => part.trim().toLowerCase());
    return coding === PEERDIST && Number(/^q=([01](?:\.\d{0,3})?)$/.exec(weight)?.[1]) > 0;
  });

/** The highest version that both sides have; the client tells the highest of its own. */
const codingVersion = (text: string | undefined): CodingVersion | undefined => {
  const version = parseVersion(text);
  if (version?.major !== 1) return undefined;
  return version.minor === 0 ? '1.0' : '1.1';
};

/** Both or neither; without them version 1 is meant. Outside of 1.0 to 2.0 nothing may be encoded. */
const informationVersions = (
  extended: ReadonlyMap<string, string>,
): { readonly minVersion: 1 | 2; readonly maxVersion: 1 | 2 } | undefined => {
  const least = extended.get(PARAMETER.minContentInformation);
  const most = extended.get(PARAMETER.maxContentInformation);
  if (least === undefined && most === undefined) return { minVersion: 1, maxVersion: 1 };
  const minVersion = INFORMATION_VERSIONS.get(least ?? '');
  const maxVersion = INFORMATION_VERSIONS.get(most ?? '');
  if (minVersion === undefined || maxVersion === undefined || minVersion > maxVersion) return undefined;
  return { minVersion, maxVersion };
};

const INFORMATION_VERSIONS: ReadonlyMap<string, 1 | 2> = new Map([
  ['1.0', 1],
  ['2.0', 2],
]);
