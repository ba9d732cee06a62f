/** The numbers of the Windows profile, under our own identifiers. */
export const CERTIFICATE_TYPES = { membership: 1, 'group-root': 2, identity: 3 } as const;

export const CERTIFICATE_VERSION = 1;

const SCHEME = 'peername:';

/** A peer name as it stands in an alternative name: a URI, because names may hold any character. */
export const nameToUri = (peerName: string): string => SCHEME + encodeURIComponent(peerName);

/** The peer name in such a URI, or `undefined`. */
export const nameFromUri = (uri: string): string | undefined => {
  if (!uri.startsWith(SCHEME)) return undefined;
  try {
    return decodeURIComponent(uri.slice(SCHEME.length));
  } catch {
    return undefined;
  }
};
