/** `host:port`, or `[address]:port` for IPv6. */
export const hostAndPort = (host = '', port = 0): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** The host of what {@link hostAndPort} made, with the brackets of IPv6. */
export const hostOf = (peer: string): string => peer.slice(0, peer.lastIndexOf(':'));
