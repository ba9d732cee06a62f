import { expect, it } from 'vitest';
import {
  type ContentPlace,
  DEFAULT_PLACES,
  type Step,
  stepsOf,
  supplierGroups,
} from '../../src/http/client/places.js';

const CACHE_ONLY: Step = { _tag: 'Service', group: 0, waits: false, fillsGaps: false };
const BEFORE_ORIGIN: Step = { _tag: 'Service', group: 0, waits: true, fillsGaps: true };
const BEHIND: Step = { _tag: 'Service', group: 0, waits: true, fillsGaps: false };
const OTHERS_BEHIND: Step = { ...BEHIND, group: 1 };
const ONE_ATTEMPT: Step = { _tag: 'Origin', insists: false };
const INSISTS: Step = { _tag: 'Origin', insists: true };

it.each<[readonly ContentPlace[], ReturnType<typeof supplierGroups>, readonly Step[]]>([
  [DEFAULT_PLACES, [undefined], [BEFORE_ORIGIN, INSISTS]],
  [['origin'], [undefined], [INSISTS]],
  [['cache'], [undefined], [CACHE_ONLY]],
  [['cache', 'origin'], [undefined], [CACHE_ONLY, INSISTS]],
  [['cache', 'peers'], [undefined], [BEHIND]],
  [['cache', 'origin', 'peers'], [undefined], [CACHE_ONLY, ONE_ATTEMPT, BEHIND, INSISTS]],
  [['cache', 'hosted-cache', 'peers'], [['hosted-cache', 'peers']], [BEHIND]],
  [['cache', 'peers', 'hosted-cache', 'origin'], [['peers', 'hosted-cache']], [BEFORE_ORIGIN, INSISTS]],
  [
    ['cache', 'origin', 'hosted-cache', 'peers'],
    [['hosted-cache', 'peers']],
    [CACHE_ONLY, ONE_ATTEMPT, BEHIND, INSISTS],
  ],
  [
    ['cache', 'peers', 'origin', 'hosted-cache'],
    [['peers'], ['hosted-cache']],
    [BEFORE_ORIGIN, ONE_ATTEMPT, OTHERS_BEHIND, INSISTS],
  ],
  [
    ['cache', 'hosted-cache', 'origin', 'peers'],
    [['hosted-cache'], ['peers']],
    [BEFORE_ORIGIN, ONE_ATTEMPT, OTHERS_BEHIND, INSISTS],
  ],
])('the order %j has these groups of suppliers and these steps', (order, groups, steps) => {
  expect(supplierGroups(order)).toEqual(groups);
  expect(stepsOf(order)).toEqual(steps);
});
