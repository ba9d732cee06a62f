/** How a socket of both families calls an address of IPv4. RFC 4291 2.5.5.2. */
const MAPPED = /^::ffff:([\d.]+)$/i;

/** `host:port`, or `[address]:port` for IPv6. A machine has one name, whatever kind of socket it came by. */
export const hostAndPort = (host = '', port = 0): string => {
  const plain = MAPPED.exec(host)?.[1] ?? host;
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
};

/** The host of such a name, with the brackets of IPv6. */
export const hostOf = (peer: string): string => peer.slice(0, peer.lastIndexOf(':'));
