// Loads every entry of the packed tarball in plain Node, as ESM and as CommonJS, compiles a program against its
// declarations, which are checked as well, and runs the command from it.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { withConsumer } from './consumer.mjs';

const ENTRIES = ['', '/streams', '/effects', '/native', '/engine', '/http', '/testing'].map(
  (path) => `peerweave${path}`,
);

const run = (file, args, cwd) => execFileSync(file, args, { cwd, encoding: 'utf8', timeout: 120_000 });

// The same small job through one module system; both copies of the package may be loaded side by side.
const job = `
const peers = root.createPeerweave({ driver: testing.createFakeDriver() });
const opened = await root.effects.openSession()(peers.env)();
if (opened._tag !== 'Right') throw opened.left;
const status = await peers.promise(peers.effects.getDistributionStatus(opened.right));
await opened.right.close();
const refused = await peers.effects.getDistributionStatus(opened.right)();
console.log(status, refused._tag, refused.left instanceof root.PeerError, refused.left._tag);
`;
const EXPECTED = 'available Left true HandleClosed';

// Types that are reached by either way are the same, and are types.
const TYPED = `
${ENTRIES.map((entry, index) => `import * as m${index} from '${entry}';`).join('\n')}
import { distributionStatus, effects, type StatusEvent } from 'peerweave';
import type { SegmentReason } from 'peerweave/effects';
import type { Observable } from 'rxjs';
export const entries = [${ENTRIES.map((_, index) => `m${index}`).join(', ')}];
export const reason: effects.SegmentReason = { _tag: 'NoPeerKnown' };
export const same: SegmentReason = reason;
// @ts-expect-error there is no such reason
export const none: effects.SegmentReason = { _tag: 'Nonsense' };
export const status = (session: effects.DistributionSession): Observable<StatusEvent> =>
  distributionStatus(session);
`;
const TSC = resolve(import.meta.dirname, '../node_modules/typescript/bin/tsc');
const STRICT = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--types', 'node'];

await withConsumer(async (directory) => {
  const esm = [
    ...ENTRIES.map(
      (entry, index) =>
        `import * as m${index} from '${entry}'; if (Object.keys(m${index}).length === 0) throw new Error('${entry} is empty');`,
    ),
    `import * as root from 'peerweave'; import * as testing from 'peerweave/testing';`,
    job,
  ];
  const cjs = [
    ...ENTRIES.map(
      (entry) => `if (Object.keys(require('${entry}')).length === 0) throw new Error('${entry} is empty');`,
    ),
    `const root = require('peerweave'); const testing = require('peerweave/testing');`,
    `(async () => {${job}})().catch((error) => { console.error(error); process.exitCode = 1; });`,
  ];
  writeFileSync(join(directory, 'smoke.mjs'), esm.join('\n'));
  writeFileSync(join(directory, 'smoke.cjs'), cjs.join('\n'));
  for (const file of ['smoke.mjs', 'smoke.cjs']) {
    const printed = run(process.execPath, [file], directory).trim();
    if (printed !== EXPECTED) throw new Error(`${file} printed ${printed}`);
    console.log(`${file}: ${printed}`);
  }
  for (const file of ['typed.mts', 'typed.cts']) {
    writeFileSync(join(directory, file), TYPED);
    const printed = run(
      process.execPath,
      [TSC, ...STRICT, '--lib', 'es2022,esnext.disposable,dom', file],
      directory,
    );
    console.log(`${file}: ${printed || 'compiles'}`);
  }
  const version = run('npx', ['peerweave', '--version'], directory).trim();
  console.log(`npx peerweave --version: ${version}`);
  // So much that it is hashed on threads, whose program is in the bundle as text.
  const demo = run('npx', ['peerweave', 'demo', '--size', '48'], directory);
  if (!demo.includes('SHA-256 equal')) throw new Error(demo);
  console.log('npx peerweave demo: done');
});
