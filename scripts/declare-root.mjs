/**
 * Writes the declarations of the package's root, after the build. The root only says again what is elsewhere, so they are
 * its source. Bundled like the others, `export * as effects` becomes a namespace of values: its types are none any more,
 * and it does not compile in programs that check the declarations of what they use.
 */
import { readFile, writeFile } from 'node:fs/promises';

const source = await readFile('src/index.ts', 'utf8');
await writeFile('dist/index.d.ts', source);
await writeFile('dist/index.d.cts', source.replaceAll(".js';", ".cjs';"));
