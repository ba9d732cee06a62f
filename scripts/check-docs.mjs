// Type-checks and runs every ```ts fence of the README, the docs and the docstrings against the packed tarball.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { withConsumer } from './consumer.mjs';

const root = resolve(import.meta.dirname, '..');
const RUN_LIMIT_MS = 60_000;

/** What fences import beside the package and its peers. */
const USED = ['undici@7'];

const filesBelow = (folder, ending) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(root, folder, name));

const markdown = [join(root, 'README.md'), ...filesBelow('docs', '.md')];
const sources = filesBelow('src', '.ts');

/** The fences of a text, with the line each starts on. Inside docstrings every line begins with a star. */
const fences = (file, inDocstrings) => {
  const lines = readFileSync(file, 'utf8').split('\n');
  const strip = (line) => (inDocstrings ? line.replace(/^\s*\* ?/, '') : line);
  const found = [];
  let open;
  lines.forEach((line, index) => {
    const text = strip(line);
    if (open === undefined) {
      if (/^```ts\s*$/.test(text) && (!inDocstrings || /^\s*\*/.test(line)))
        open = { file, line: index + 1, code: [] };
    } else if (/^```\s*$/.test(text)) {
      found.push(open);
      open = undefined;
    } else open.code.push(text);
  });
  if (open !== undefined) throw new Error(`${file}:${open.line}: the fence is not closed`);
  return found;
};

const all = [
  ...markdown.flatMap((file) => fences(file, false)),
  ...sources.flatMap((file) => fences(file, true)),
];
if (all.length === 0) throw new Error('no fences found');

await withConsumer(async (directory) => {
  const named = all.map((fence, index) => ({ ...fence, name: `fence-${index}` }));
  for (const { name, code } of named) {
    writeFileSync(join(directory, `${name}.ts`), `${code.join('\n')}\nexport {};\n`);
  }
  const at = ({ file, line }) => `${relative(root, file)}:${line}`;
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'ES2022',
        lib: ['ES2023', 'ESNext.Disposable'],
        module: 'NodeNext',
        strict: true,
        noEmit: true,
        types: ['node'],
      },
      include: ['*.ts'],
    }),
  );
  const typed = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', directory],
    {
      encoding: 'utf8',
    },
  );
  let failed = 0;
  if (typed.status !== 0) {
    failed += 1;
    console.error(
      typed.stdout.replace(/fence-(\d+)\.ts/g, (_, index) => `${at(named[index])} fence-${index}.ts`),
    );
  }
  for (const fence of named) {
    buildSync({
      entryPoints: [join(directory, `${fence.name}.ts`)],
      outfile: join(directory, `${fence.name}.mjs`),
      format: 'esm',
      target: 'node20',
      logLevel: 'error',
    });
    const ran = spawnSync(process.execPath, [`${fence.name}.mjs`], {
      cwd: directory,
      encoding: 'utf8',
      timeout: RUN_LIMIT_MS,
    });
    if (ran.status === 0) continue;
    failed += 1;
    console.error(`${at(fence)}: ended with ${ran.status ?? ran.signal}\n${ran.stdout}${ran.stderr}`);
  }
  console.log(`${named.length} fences, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}, USED);
