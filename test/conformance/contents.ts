import { createHash } from 'node:crypto';
import type {
  ContentHandle,
  ContentInformationHandle,
  ContentInformationQuery,
  DistributionDriver,
  ReadResult,
  SessionHandle,
} from '../../src/driver/index.js';
import type { Conformance } from './setup.js';

/** The unit in which the version 1 protocols verify; gaps in a cache are whole blocks of it. */
export const BLOCK = 65_536;

/** The same bytes for the same label, and other ones for another. */
export const bytesOf = (label: string, length: number): Uint8Array =>
  Uint8Array.from(createHash('shake256', { outputLength: length }).update(label).digest());

export const CONTENT_ID = new TextEncoder().encode('conformance/content');
export const TAG = new TextEncoder().encode('conformance tag!');

/** Three whole blocks and a bit. */
export const CONTENT = bytesOf('content', 3 * BLOCK + 4_321);

/** One driver with a session. */
export interface Endpoint {
  readonly distribution: DistributionDriver;
  readonly session: SessionHandle;
}

export const publish = async (
  { distribution, session }: Endpoint,
  contentId: Uint8Array = CONTENT_ID,
  bytes: Uint8Array = CONTENT,
  chunk = 50_000,
): Promise<void> => {
  const stream = await distribution.publishStream(session, { contentId });
  for (let offset = 0; offset < bytes.length; offset += chunk)
    await distribution.addToStream(session, stream, bytes.slice(offset, offset + chunk));
  await distribution.completeStream(session, stream);
  await distribution.closeStream(session, stream);
};

/** The rest of the content information behind a handle, fetched in portions. */
export const drain = async (
  { distribution, session }: Endpoint,
  handle: ContentInformationHandle,
  maxBytes = 4_096,
): Promise<Uint8Array> => {
  const parts: Uint8Array[] = [];
  for (
    let part = await distribution.retrieveContentInformation(session, handle, maxBytes);
    part.length > 0;
  ) {
    parts.push(part);
    part = await distribution.retrieveContentInformation(session, handle, maxBytes);
  }
  return Uint8Array.from(Buffer.concat(parts));
};

export const informationOf = async (
  endpoint: Endpoint,
  query: Partial<ContentInformationQuery> = {},
): Promise<Uint8Array> => {
  const { distribution, session } = endpoint;
  const handle = await distribution.openContentInformation(session, { contentId: CONTENT_ID, ...query });
  const bytes = await drain(endpoint, handle);
  await distribution.closeContentInformation(session, handle);
  return bytes;
};

/** An open content whose content information is complete, added in chunks of odd size. */
export const openContent = async (
  { distribution, session }: Endpoint,
  information: Uint8Array,
  peers: readonly string[],
  tag: Uint8Array = TAG,
): Promise<ContentHandle> => {
  const content = await distribution.openContent(session, {
    tag,
    ...(peers.length === 0 ? {} : { peers }),
  });
  for (let offset = 0; offset < information.length; offset += 37)
    await distribution.addContentInformation(session, content, information.slice(offset, offset + 37));
  await distribution.completeContentInformation(session, content);
  return content;
};

/** All that a stream read gives from the cursor to the end. @throws if something of it is missing. */
export const readAll = async (
  { distribution, session }: Endpoint,
  content: ContentHandle,
  maxBytes = 100_000,
): Promise<Uint8Array> => {
  const parts: Uint8Array[] = [];
  for (;;) {
    const result = await distribution.streamRead(session, content, { maxBytes });
    if (result._tag === 'End') return Uint8Array.from(Buffer.concat(parts));
    if (result._tag !== 'Data') throw new Error(`read ${JSON.stringify(result)}`);
    parts.push(result.bytes);
  }
};

/** The bytes of a read. @throws if it gave none. */
export const dataOf = (result: ReadResult): Extract<ReadResult, { readonly _tag: 'Data' }> => {
  if (result._tag !== 'Data') throw new Error(`read ${JSON.stringify(result)}`);
  return result;
};

/** A publisher and a consumer, each with a session. */
export interface TwoSides {
  readonly publisher: Endpoint;
  readonly reader: Endpoint;
  end(): Promise<void>;
}

export const startBoth = async ({ driver, consumer }: Conformance): Promise<TwoSides> => {
  const endpoint = async ({ distribution }: typeof driver): Promise<Endpoint> => ({
    distribution,
    session: await distribution.startup(),
  });
  const [publisher, reader] = [await endpoint(driver), await endpoint(consumer)];
  return {
    publisher,
    reader,
    end: async () => {
      await reader.distribution.shutdown(reader.session);
      await publisher.distribution.shutdown(publisher.session);
    },
  };
};
