import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { useLittleMemory } from '../../src/cli/memory.js';

const [, , how, mebibytes] = process.argv;
const total = Number(mebibytes) * 1024;
if (how === 'little') useLittleMemory();

/** Of a kibibyte each; so many are in use at a time. */
const IN_USE = 600;
const MADE_IN_A_TURN = 512;
const ELEMENTS = 128;
const PIECE_BYTES = 262_144;

interface Made {
  readonly elements: readonly number[];
  /** Nobody asks for it: once one of them has grown old, those behind it do so as well. */
  next: Made | undefined;
}

const inUse: Made[] = [];
const most = { young: 0, old: 0 };
let last: Made | undefined;
/** Memory outside of the heap, which is what has V8 look through all of it for the first time. */
let piece: Uint8Array | undefined;
for (let made = 0; made < total; made += 1) {
  const one: Made = { elements: new Array<number>(ELEMENTS).fill(made), next: undefined };
  inUse[made % IN_USE] = one;
  // One in eight, as few are in something that is kept for longer.
  if (made % 8 === 0) {
    if (last !== undefined) last.next = one;
    last = one;
  }
  if (made % MADE_IN_A_TURN > 0) continue;
  for (const { space_name, space_size } of getHeapSpaceStatistics()) {
    if (space_name === 'new_space') most.young = Math.max(most.young, space_size);
    if (space_name === 'old_space') most.old = Math.max(made > total / 2 ? most.old : 0, space_size);
  }
  piece = new Uint8Array(PIECE_BYTES);
  await sleep(1);
}
process.stdout.write(JSON.stringify({ ...most, piece: piece?.length }));
