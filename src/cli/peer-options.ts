import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { PeerError } from 'peerweave';
import type { EngineOptions } from 'peerweave/engine';
import { formatEndpoint, listenAddress, servingAddress } from './endpoint.js';

/** What a command that fetches content is told of others. */
export interface PeerFlags {
  readonly peer?: readonly string[];
  readonly discover: boolean;
  readonly hostedCache?: { readonly host: string; readonly port: number };
  readonly hostedCacheFirst: boolean;
  readonly hostedCacheTls?: { readonly host: string; readonly port: number };
  readonly hostedCacheCa?: Buffer;
  readonly listen?: { readonly host: string; readonly port?: number };
}

/** Adds the options of {@link PeerFlags}. @param listen what `--listen` is for. */
export const addPeerOptions = (command: Command, listen: string): Command =>
  command
    .option('--peer <host:port...>', 'peers to ask')
    .option('--discover', 'look for peers among the neighbours, by multicast', false)
    .addOption(
      new Option('--hosted-cache <host:port>', 'a hosted cache to ask for what no peer has').argParser(
        listenAddress,
      ),
    )
    .option('--hosted-cache-first', 'ask it before the peers', false)
    .addOption(
      new Option(
        '--hosted-cache-tls <host:port>',
        'where it takes offers by HTTPS, if it takes those of version 1 only',
      ).argParser(listenAddress),
    )
    .addOption(
      new Option('--hosted-cache-ca <file>', 'certificate (PEM) to trust there').argParser(certificateIn),
    )
    .addOption(new Option('--listen <address[:port]>', listen).argParser(servingAddress));

/** What they come to for the engine. Nobody can fetch from it unless that is asked for. */
export const engineFor = (flags: PeerFlags): EngineOptions => {
  const { listen, discover, hostedCache, hostedCacheFirst, hostedCacheTls: tls, hostedCacheCa: ca } = flags;
  if (ca !== undefined && tls === undefined) throw inVain('--hosted-cache-ca', '--hosted-cache-tls');
  if (tls !== undefined && hostedCache === undefined) throw inVain('--hosted-cache-tls', '--hosted-cache');
  if (hostedCacheFirst && hostedCache === undefined) throw inVain('--hosted-cache-first', '--hosted-cache');
  return {
    listen: listen ?? false,
    discovery: discover && {},
    hostedCache: hostedCache && {
      address: formatEndpoint(hostedCache),
      turn: hostedCacheFirst ? 'before-peers' : 'after-peers',
      secure: tls && { address: formatEndpoint(tls), ca },
    },
  };
};

const inVain = (option: string, needed: string): PeerError =>
  new PeerError({
    tag: 'BadArgument',
    code: 'PEERWEAVE_USAGE',
    operation: 'peerweave',
    what: `${option} says something about ${needed}, which is missing`,
    advice: '--help tells more.',
  });

const certificateIn = (path: string): Buffer => {
  try {
    const certificate = readFileSync(path);
    // Throws for what is none.
    new X509Certificate(certificate).toString();
    return certificate;
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
};
