import { fileURLToPath } from 'node:url';
import windows from './vitest.config.mjs';
import { NOT_ON_WINE } from './engine-exclusions.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const files = NOT_ON_WINE.filter(({ test, group }) => (test ?? group) === undefined).map(({ file }) => file);
const tests = NOT_ON_WINE.filter(({ test }) => test !== undefined).map(({ test }) => `${escaped(test)}$`);
const groups = NOT_ON_WINE.filter(({ group }) => group !== undefined).map(
  ({ group }) => `${escaped(group)} `,
);

/** The distribution tests of the engine in node.exe under Wine: all of them but those in engine-exclusions.mjs. */
export default {
  ...windows,
  cacheDir: `${root}.cache/windows/vite-engine`,
  resolve: {
    alias: [
      ...windows.resolve.alias,
      { find: /^peerweave$/, replacement: `${root}src/index.ts` },
      { find: /^peerweave\/(.+)$/, replacement: `${root}src/$1/index.ts` },
    ],
  },
  test: {
    ...windows.test,
    include: ['test/engine/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/engine/grouping/**', ...files.map((file) => `test/engine/${file}`)],
    testNamePattern: new RegExp(`^(?!.*(?:${[...tests, ...groups].join('|')}))`),
    setupFiles: [...windows.test.setupFiles, `${root}test/windows/fetch-under-wine.mjs`],
    server: { deps: { inline: [/@fast-check/] } },
    fileParallelism: true,
    maxWorkers: 2,
    testTimeout: 120_000,
  },
};
