// Runs the checklist of docs/WINDOWS.md on this machine and prints a report in Markdown:
//
//     npm run verify:windows -- [--flip netsh] [--out FILE]
//
// --flip netsh      also turns BranchCache off and on again, in distributed mode; as an administrator
// --out FILE        writes the report there, too
// --package DIR     takes the built package from there instead of building it
// --library NAME=P  takes a library from there (p2p, peerdist, kernel32, crypt32, advapi32): for simulated ones
// --flip simulator  has the simulated PeerDist.dll change its status
// --list            prints the names of the checks and does nothing
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CONTENT_CHECKS } from './verify-windows/content-checks.mjs';
import { GROUP_CHECKS } from './verify-windows/group-checks.mjs';
import { MACHINE_CHECKS } from './verify-windows/machine-checks.mjs';
import { OTHER_MACHINE_CHECKS } from './verify-windows/other-machine-checks.mjs';
import { loadPackage } from './verify-windows/package.mjs';
import { markdownOf } from './verify-windows/report.mjs';
import { runCheck } from './verify-windows/outcome.mjs';

const CHECKS = [...MACHINE_CHECKS, ...GROUP_CHECKS, ...CONTENT_CHECKS, ...OTHER_MACHINE_CHECKS];

const { values: options } = parseArgs({
  options: {
    flip: { type: 'string' },
    out: { type: 'string' },
    package: { type: 'string' },
    library: { type: 'string', multiple: true, default: [] },
    list: { type: 'boolean', default: false },
  },
});

const main = async () => {
  if (options.list) {
    for (const { name } of CHECKS) console.log(name);
    return;
  }
  const libraries =
    options.library.length === 0
      ? undefined
      : Object.fromEntries(options.library.map((given) => given.split(/=(.*)/s).slice(0, 2)));
  const built = loadPackage(options.package);
  const context = { libraries, built, flip: options.flip, peerweave: undefined };
  const results = [];
  for (const check of CHECKS) {
    const outcome = await runCheck(check, context);
    results.push({ ...check, ...outcome });
    console.error(`${outcome.result.padEnd(4)} ${check.name}`);
  }
  const report = markdownOf(results, context);
  console.log(report);
  if (options.out !== undefined) writeFileSync(options.out, report);
  if (results.some(({ result }) => result === 'FAIL')) process.exitCode = 1;
};

await main();
