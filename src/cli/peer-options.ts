import { type Command, Option } from 'commander';
import type { EngineOptions } from 'peerweave/engine';
import { formatEndpoint, listenAddress, servingAddress } from './endpoint.js';

/** What a command that fetches content is told of others. */
export interface PeerFlags {
  readonly peer?: readonly string[];
  readonly discover: boolean;
  readonly hostedCache?: { readonly host: string; readonly port: number };
  readonly hostedCacheFirst: boolean;
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
    .addOption(new Option('--listen <address[:port]>', listen).argParser(servingAddress));

/** What they come to for the engine. Nobody can fetch from it unless that is asked for. */
export const engineFor = ({ listen, discover, hostedCache, hostedCacheFirst }: PeerFlags): EngineOptions => ({
  listen: listen ?? false,
  discovery: discover && {},
  hostedCache: hostedCache && {
    address: formatEndpoint(hostedCache),
    turn: hostedCacheFirst ? 'before-peers' : 'after-peers',
  },
});
