/**
 * Writes segments into a store whose quota holds a third of them, round after round until it is killed, so that it is
 * nearly always evicting.
 *
 *     evicting-program DIRECTORY QUOTA
 */
import { writeSync } from 'node:fs';
import { openContentStore } from '../../../src/engine/distribution/store/index.js';
import { segmentOf, SECRET, tag } from './made-content.js';

const [directory = '', quota = '0'] = process.argv.slice(2);
const segments = Array.from({ length: 12 }, (_, index) => segmentOf(`evicted-${index}`, 4));
const store = await openContentStore({
  directory,
  serverSecret: SECRET,
  cacheLimits: () => Promise.resolve({ quotaBytes: Number(quota) }),
  // Not console.log: what was said must be out before the kill.
  emit: (event) => {
    if (event._tag === 'SegmentEvicted') writeSync(1, `${event.reason} ${event.segment}\n`);
  },
});
for (;;) {
  for (const { info, blocks } of segments) {
    const segment = await store.adopt(info, tag('fetch'));
    for (const [index, block] of blocks.entries()) await segment.write(index, block);
  }
}
