import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

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
    exclude: ['test/windows/**', '**/node_modules/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    coverage: { provider: 'v8', include: ['src/**'], exclude: ['src/cli/**'] },
  },
});
