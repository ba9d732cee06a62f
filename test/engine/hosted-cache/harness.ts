import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { DistributionEvent } from '../../../src/driver/index.js';
import {
  startHostedCache,
  type HostedCache,
  type HostedCacheOptions,
} from '../../../src/engine/distribution/hosted-cache/index.js';
import { encodeOffer, type Offer, type OfferedSegment } from '../../../src/engine/distribution/wire/index.js';
import type { SegmentInfo } from '../../../src/engine/distribution/ports.js';
import { afterwards } from '../retrieval/harness.js';

export const V1_PATH = '/C574AC30-5794-4AEE-B1BB-6651C5315029';
export const V2_PATH = '/0131501b-d67f-491b-9a40-c4bf27bcb4d4';
export const TAG = Buffer.from('WinINet'.padEnd(16, '\0'), 'latin1');

export const newDirectory = async (): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-hosted-'));
  afterwards(() => rm(directory, { recursive: true, force: true }));
  return directory;
};

/** A hosted cache on a free port, with the events it has told. */
export const startCache = async (
  options: Partial<HostedCacheOptions> = {},
): Promise<{ readonly cache: HostedCache; readonly peer: string; readonly events: DistributionEvent[] }> => {
  const events: DistributionEvent[] = [];
  const cache = await startHostedCache({
    directory: options.directory ?? (await newDirectory()),
    listen: { host: '127.0.0.1', port: 0 },
    onEvent: (event) => events.push(event),
    ...options,
  });
  afterwards(() => cache.close());
  return { cache, peer: `127.0.0.1:${cache.endpoint.port}`, events };
};

export const offered = (info: SegmentInfo): OfferedSegment => ({
  blockLength: info.hash === 'truncated-sha512' ? info.length : 65_536,
  segmentLength: info.length,
  contentTag: TAG,
  hash: info.hash === 'truncated-sha512' ? 'truncated-sha512' : 'sha256',
  segmentId: info.id,
});

/** Posts bytes by a client of its own; status and body of the answer. */
export const post = async (
  peer: string,
  path: string,
  body: Uint8Array,
): Promise<{ readonly status: number; readonly body: string }> => {
  const response = await fetch(`http://${peer}${path}`, { method: 'POST', body });
  return { status: response.status, body: Buffer.from(await response.arrayBuffer()).toString('hex') };
};

export const batch = (port: number, infos: readonly SegmentInfo[]): Buffer =>
  encodeOffer({ _tag: 'BatchedOffer', port, segments: infos.map(offered) } satisfies Offer);

/** Waits until the cache holds that many segments. */
export const untilHeld = (cache: HostedCache, segments: number): Promise<void> =>
  vi.waitFor(() => {
    if (cache.contents().segments < segments) throw new Error(`${cache.contents().segments} segments`);
  }, 20_000);

export const eventsOf = <Tag extends DistributionEvent['_tag']>(
  events: readonly DistributionEvent[],
  tag: Tag,
): Extract<DistributionEvent, { readonly _tag: Tag }>[] =>
  events.filter((event): event is Extract<DistributionEvent, { readonly _tag: Tag }> => event._tag === tag);
