import { defineConfig } from 'tsup';

const ENTRIES = {
  'streams/index': 'src/streams/index.ts',
  'effects/index': 'src/effects/index.ts',
  'native/index': 'src/native/index.ts',
  'engine/index': 'src/engine/index.ts',
  'http/index': 'src/http/index.ts',
  'testing/index': 'src/testing/index.ts',
};

export default defineConfig([
  {
    entry: { index: 'src/index.ts', ...ENTRIES },
    format: ['esm', 'cjs'],
    target: 'node20',
    platform: 'node',
    // A CommonJS build cannot share chunks with the ESM one, but within a format one copy of every module is a must:
    // handles and errors are recognised across the sub-paths.
    splitting: true,
    // By Rollup, which keeps the syntax of the CommonJS build as it is: otherwise `??` becomes a call of a helper, also in
    // the text that hashing threads run.
    treeshake: true,
    sourcemap: true,
    clean: true,
    shims: true,
    // Optional dependencies are bundled unless told otherwise, and this one finds its binary beside itself.
    external: ['koffi'],
    // Those of the root are made by scripts/declare-root.mjs.
    dts: {
      entry: { 'platform/open-driver': 'src/platform/open-driver.ts', ...ENTRIES },
      compilerOptions: { ignoreDeprecations: '6.0' },
    },
  },
  {
    entry: { 'cli/main': 'src/cli/main.ts' },
    // As CommonJS the command takes ten megabytes less and starts a fifth faster (docs/DECISIONS.md, 60).
    format: ['cjs'],
    target: 'node20',
    platform: 'node',
    splitting: false,
    sourcemap: true,
    shims: true,
    dts: false,
    banner: { js: '#!/usr/bin/env node' },
    // The command is a user of the public surface like any other.
    external: ['peerweave', /^peerweave\//],
  },
]);
