import { expect, it } from 'vitest';
import { InFlight } from '../../../src/engine/distribution/store/disk/in-flight.js';

const promise = () => {
  let end = { resolve: (): void => undefined, reject: (): void => undefined };
  const made = new Promise<void>((resolve, reject) => {
    end = { resolve, reject: () => reject(new Error('on purpose')) };
  });
  return { made, ...end };
};

it('waits for all that are under way, however they end, and for those that begin meanwhile', async () => {
  const inFlight = new InFlight();
  await inFlight.end();
  const [one, two, late] = [promise(), promise(), promise()];
  void inFlight.track(one.made);
  inFlight.track(two.made).catch(() => undefined);
  const over: string[] = [];
  const ends = ['first', 'second'].map((name) => inFlight.end().then(() => over.push(name)));
  one.resolve();
  await one.made;
  void inFlight.track(late.made);
  two.reject();
  await expect(two.made).rejects.toThrow('on purpose');
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  expect(over).toEqual([]);
  late.resolve();
  await Promise.all(ends);
  expect(over).toEqual(['first', 'second']);
});
