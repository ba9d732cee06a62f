import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const inFixture = (name, file) => ({
  find: new RegExp(`^${name}$`),
  replacement: `${here}node_modules/${name}/${file}`,
});

/** Tests of the engine that cannot pass here. docs/WINDOWS.md has the reasons. */
const NOT_HERE = [
  // Windows has access lists instead of modes.
  'is made for the owner only',
  'makes one secret, readable by the owner only',
  // An open file is removed only when it is closed.
  'by somebody who removes everything while it is in use',
  'never makes a wrong byte leave, whatever is done to it in whatever order',
  // Compares with paths of POSIX.
  'is each one’s own, can be seen while it runs, and outlives kill -9',
  // Wine binds addresses that the machine does not have, and ports that somebody else has for himself.
  'an address that cannot be used is a problem, not a failure',
  'a port that somebody has for himself is left to him, and another one is used to ask',
];

/** For node.exe under Wine: the packages come from this folder, whose binaries are those for Windows. */
export default {
  root,
  cacheDir: `${root}.cache/windows/vite`,
  resolve: {
    alias: [
      inFixture('koffi', 'index.js'),
      inFixture('vitest', 'dist/index.js'),
      inFixture('fast-check', 'lib/fast-check.js'),
      inFixture('@fast-check/vitest', 'lib/vitest-fast-check.js'),
      inFixture('esbuild', 'lib/main.js'),
    ],
  },
  test: {
    include: [
      'test/conformance/{native-so,engine}.test.ts',
      'test/native/**/*.test.ts',
      'test/windows/*.test.ts',
      'test/engine/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', 'test/engine/grouping/**'],
    testNamePattern: new RegExp(`^(?!.*(?:${NOT_HERE.join('|')}))`),
    setupFiles: ['test/windows/wine.mjs'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    fileParallelism: false,
  },
};
