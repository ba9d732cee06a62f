import { endSoon } from './end.js';
import { createProgram } from './program.js';
import { CUT_OFF_EXIT_CODE } from './exit-codes.js';
import { reportFailure } from './failure.js';
import { useLittleMemory } from './memory.js';

const json = process.argv.includes('--json');

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that has gone away (`| head`) is no fault of ours, but what was to be done is not done.
  process.exit(error.code === 'EPIPE' ? CUT_OFF_EXIT_CODE : reportFailure(error, json));
});

useLittleMemory();
createProgram(json)
  .parseAsync()
  .catch((thrown: unknown) => {
    process.exitCode = reportFailure(thrown, json);
  })
  .finally(endSoon);
