/** Reads the start of a content, then waits: `DATA_DIR PEER CI_FILE NAME`. Prints a line once it has done so. */
import { readFileSync } from 'node:fs';
import { createEngineDriver } from '../../../src/engine/index.js';

const [dataDir = '', peer = '', ciFile = '', name = ''] = process.argv.slice(2);
const { distribution } = createEngineDriver({ dataDir, listen: false });
const session = await distribution.startup();
const content = await distribution.openContent(session, {
  tag: Buffer.alloc(16),
  peers: [peer],
  name,
});
await distribution.addContentInformation(session, content, readFileSync(ciFile));
await distribution.completeContentInformation(session, content);
const read = await distribution.streamRead(session, content, { maxBytes: 65_536 });
console.log(read._tag);
setInterval(() => undefined, 60_000);
