import { Skip } from './outcome.mjs';

const byHand = (name) => ({
  name,
  run: () => {
    throw new Skip('needs a second machine: see docs/WINDOWS.md');
  },
});

/** What this machine cannot find out alone. */
export const OTHER_MACHINE_CHECKS = [
  byHand('Windows retrieves from the engine'),
  byHand('the engine retrieves from Windows'),
  byHand('two members of a group talk'),
];
