import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const inFixture = (name, file) => ({
  find: new RegExp(`^${name}$`),
  replacement: `${here}node_modules/${name}/${file}`,
});

/** For node.exe under Wine: the packages come from this folder, whose binaries are those for Windows. */
export default {
  root,
  cacheDir: `${root}.cache/windows/vite`,
  resolve: {
    alias: [
      inFixture('koffi', 'index.js'),
      inFixture('vitest', 'dist/index.js'),
      inFixture('fast-check', 'lib/fast-check.js'),
    ],
  },
  test: {
    include: ['test/conformance/native-so.test.ts', 'test/native/**/*.test.ts', 'test/windows/*.test.ts'],
    exclude: ['**/node_modules/**'],
    setupFiles: [`${root}test/patience.ts`],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    fileParallelism: false,
  },
};
