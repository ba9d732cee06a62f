/** A hosted cache to offer to. */
export interface HostedCacheServer {
  /** `host:port` where it takes offers, and serves blocks over plain HTTP. */
  readonly address: string;
  /** For a cache that takes offers of version 1 only (Windows Server 2008 R2): `host:port` of HTTPS, and who to trust. */
  readonly secure?: { readonly address: string; readonly ca?: string | Buffer | undefined } | undefined;
}
