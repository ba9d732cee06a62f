import { createProgram } from './program.js';
import { reportFailure } from './failure.js';
import { useLittleMemory } from './memory.js';

// A reader that has gone away (`| head`) is no fault of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const json = process.argv.includes('--json');

useLittleMemory();
createProgram(json)
  .parseAsync()
  .catch((thrown: unknown) => {
    process.exitCode = reportFailure(thrown, json);
  });
