import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/**
 * The engine as plain JavaScript for other processes, below node_modules so that packages are found from there. Gone
 * after the tests of the file. @returns the path of its entry point
 */
export const compileEngine = async (): Promise<string> => {
  const cache = join(ROOT, 'node_modules', '.cache');
  await mkdir(cache, { recursive: true });
  const out = await mkdtemp(join(cache, 'peerweave-grouping-'));
  afterAll(() => rm(out, { recursive: true, force: true }));
  await writeFile(join(out, 'package.json'), '{"type":"module"}');
  for (const room of ['driver', join('engine', 'grouping')]) {
    const from = join(ROOT, 'src', room);
    for (const file of await readdir(from, { recursive: true })) {
      if (!file.endsWith('.ts')) continue;
      const { outputText } = ts.transpileModule(await readFile(join(from, file), 'utf8'), {
        compilerOptions: {
          target: ts.ScriptTarget.ES2022,
          module: ts.ModuleKind.ESNext,
          verbatimModuleSyntax: true,
        },
      });
      const target = join(out, room, file.replace(/\.ts$/, '.js'));
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, outputText);
    }
  }
  return join(out, 'engine', 'grouping', 'index.js');
};
