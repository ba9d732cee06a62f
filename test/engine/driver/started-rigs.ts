import { afterEach } from 'vitest';
import { createRig, type Rig, type RigOptions } from './rig.js';

const rigs: Rig[] = [];

afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.remove();
});

/** A rig that is removed after the test. */
export const startRig = async (options: RigOptions): Promise<Rig> => {
  const rig = await createRig(options);
  rigs.push(rig);
  return rig;
};
