/** The content coding of MS-PCCRTP: the body is content information instead of content. */
export const PEERDIST = 'peerdist';

/** Header names as Node has them. */
export const PARAMETERS_HEADER = 'x-p2p-peerdist';
export const EXTENDED_PARAMETERS_HEADER = 'x-p2p-peerdistex';

/** The versions of the coding that there are; 1.1 added the choice of content information (MS-PCCRTP 1.7). */
export type CodingVersion = '1.0' | '1.1';

/** What the choice between content and content information depends on. */
export const VARY: readonly string[] = ['Accept-Encoding', 'X-P2P-PeerDist', 'X-P2P-PeerDistEx'];

/** Names of parameters, as {@link parametersOf} has them. */
export const PARAMETER = {
  version: 'version',
  contentLength: 'contentlength',
  missingDataRequest: 'missingdatarequest',
  minContentInformation: 'mincontentinformation',
  maxContentInformation: 'maxcontentinformation',
  hashRequest: 'hashrequest',
  makeHashRequest: 'makehashrequest',
} as const;

/** A version as its two numbers: 1.23 is higher than 1.3 (MS-PCCRTP 2.2). */
export const parseVersion = (
  text: string | undefined,
): { readonly major: number; readonly minor: number } | undefined => {
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(text ?? '') ?? [];
  return major === undefined ? undefined : { major: Number(major), minor: Number(minor) };
};

/** What a client says that reads content information up to `maxVersion` (MS-PCCRTP 3.1.4). */
export const acceptingPeerDist = (maxVersion: 1 | 2): Readonly<Record<string, string>> => ({
  'accept-encoding': PEERDIST,
  [PARAMETERS_HEADER]: 'Version=1.1',
  [EXTENDED_PARAMETERS_HEADER]: `MinContentInformation=1.0, MaxContentInformation=${maxVersion}.0`,
});

/** The same, after the content came because its hashes were not ready (MS-PCCRTP 3.1.5.1). */
export const requestingHashes = (maxVersion: 1 | 2): Readonly<Record<string, string>> => ({
  ...acceptingPeerDist(maxVersion),
  [EXTENDED_PARAMETERS_HEADER]: `MinContentInformation=1.0, MaxContentInformation=${maxVersion}.0, HashRequest=true`,
});

/** What a client says that wants the very bytes, as no peer had them (MS-PCCRTP 2.2). */
export const REQUESTING_MISSING_DATA: Readonly<Record<string, string>> = {
  'accept-encoding': 'identity',
  [PARAMETERS_HEADER]: 'Version=1.1, MissingDataRequest=true',
};
