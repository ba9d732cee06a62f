import { afterAll } from 'vitest';
import { buildProgram } from '../../../built-program.js';

/** The engine as plain JavaScript for other processes. Gone after the tests of the file. @returns the path of it */
export const compileEngine = async (): Promise<string> => {
  const engine = await buildProgram('../../../../src/engine/grouping/index.ts', import.meta.url);
  afterAll(() => engine.remove());
  return engine.path;
};
