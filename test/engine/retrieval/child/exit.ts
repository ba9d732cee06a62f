import {
  createRetrievalClient,
  createRetrievalServer,
} from '../../../../src/engine/distribution/retrieval/index.js';
import { memorySource, segmentOf } from '../segments.js';

/** Serves and fetches a few blocks, closes the server and the client that is told to, and should end by itself. */
const segment = segmentOf(5 * 65_536);
const server = createRetrievalServer({ host: '127.0.0.1', port: 0, source: memorySource([segment]) });
const { host, port } = await server.start();
const closed = createRetrievalClient();
const forgotten = createRetrievalClient();
for (const client of [closed, forgotten]) {
  for (const block of [0, 1, 2, 3, 4]) {
    const peers = [`${host}:${port}`];
    const { signal } = new AbortController();
    await client.fetch({ segment: segment.info, block, peers, wanted: 5, signal }).block;
  }
}
await closed.close();
await server.close();
process.stdout.write('closed');
