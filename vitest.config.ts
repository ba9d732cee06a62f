import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The Windows driver against the simulated DLLs, which are compiled first. */
export const NATIVE_TESTS = ['test/native/**', 'test/conformance/native-*.test.ts'];

export default defineConfig({
  resolve: {
    alias: [
      { find: /^peerweave$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
      {
        find: /^peerweave\/(.+)$/,
        replacement: fileURLToPath(new URL('src/', import.meta.url)) + '$1/index.ts',
      },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // What needs a C compiler has a configuration of its own: vitest.native.config.ts.
    exclude: ['test/windows/**', ...NATIVE_TESTS, '**/node_modules/**'],
    // Ends what hangs; a slow machine under load takes ten times as long for what starts processes.
    testTimeout: 90_000,
    hookTimeout: 30_000,
    setupFiles: [fileURLToPath(new URL('test/patience.ts', import.meta.url))],
    pool: 'forks',
    // They wait more than they compute; one worker less than there are cores would be one on two.
    maxWorkers: '100%',
    coverage: { provider: 'v8', include: ['src/**'], exclude: ['src/cli/**'] },
  },
});
