import type { GetProgress } from 'peerweave/http';
import { formatBytes } from './output.js';

type Counts = GetProgress['counts'];

/** Where bytes came from, but for where none did. */
export const sourcesOf = ({
  fromCache,
  fromPeers,
  fromHostedCache,
  fromOrigin,
}: Counts): readonly (readonly [string, number])[] =>
  [
    ...Object.entries(fromPeers),
    ['the cache', fromCache] as const,
    ['the hosted cache', fromHostedCache] as const,
    ['the origin', fromOrigin] as const,
  ].filter(([, bytes]) => bytes > 0);

/** In one line, peers as one. */
export const sourcesIn = ({ fromCache, fromPeers, fromHostedCache, fromOrigin }: Counts): string => {
  const peers = Object.values(fromPeers).reduce((sum, bytes) => sum + bytes, 0);
  return (
    [
      ['cache', fromCache],
      ['peers', peers],
      ['hosted cache', fromHostedCache],
      ['origin', fromOrigin],
    ] as const
  )
    .filter(([, bytes]) => bytes > 0)
    .map(([source, bytes]) => `${source} ${formatBytes(bytes)}`)
    .join(', ');
};
