/** A hosted cache to ask for blocks, and to offer to. */
export interface HostedCacheServer {
  /** `host:port` where it takes offers, and serves blocks over plain HTTP. */
  readonly address: string;
  /** When it is asked for a block: once no peer has it, which spares it work, or before all peers. `after-peers` by default. */
  readonly turn?: 'after-peers' | 'before-peers' | undefined;
  /** For a cache that takes offers of version 1 only (Windows Server 2008 R2): `host:port` of HTTPS, and who to trust. */
  readonly secure?: { readonly address: string; readonly ca?: string | Buffer | undefined } | undefined;
}
