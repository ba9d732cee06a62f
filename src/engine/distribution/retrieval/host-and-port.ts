/** `host:port`, or `[address]:port` for IPv6. */
export const hostAndPort = (host = '', port = 0): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
