/** Rooms of docs/ARCHITECTURE.md: imports point down only. */
const only = (name, from, pathNot, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^src/', pathNot },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: '^src/' }, to: {} },
    only('driver-is-the-floor', '^src/driver/', '^src/driver/', 'the contract depends on nothing'),
    only('engine-knows-the-contract-only', '^src/engine/', '^src/(engine|driver)/', 'engine → driver'),
    only('native-knows-the-contract-only', '^src/native/', '^src/(native|driver)/', 'native → driver'),
    only('testing-knows-the-contract-only', '^src/testing/', '^src/(testing|driver)/', 'testing → driver'),
    only('effects-stand-on-the-contract', '^src/effects/', '^src/(effects|driver)/', 'effects → driver'),
    only('streams-stand-on-effects', '^src/streams/', '^src/(streams|effects|driver)/', 'streams → effects'),
    only(
      'http-stands-on-streams-and-effects',
      '^src/http/',
      '^src/(http|streams|effects|driver)/',
      'http → streams',
    ),
    only(
      'cli-uses-the-public-surface',
      '^src/cli/',
      '^src/(cli|index|engine/index|native/index|testing/index|streams/index|effects/index|http/index)',
      'the command is a user',
    ),
    {
      name: 'driver-has-no-dependency',
      severity: 'error',
      from: { path: '^src/driver/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'core'] },
    },
    {
      name: 'rxjs-in-streams-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(streams|cli)/' },
      to: { path: 'node_modules/rxjs' },
    },
    {
      name: 'koffi-in-one-file',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/native/ffi\\.ts$' },
      to: { path: 'node_modules/koffi' },
    },
    {
      name: 'fp-ts-by-lib-path',
      comment: 'fp-ts/X fails in Node ESM although every checker is green; import fp-ts/lib/X.js',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: 'node_modules/fp-ts/', pathNot: 'node_modules/fp-ts/lib/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
