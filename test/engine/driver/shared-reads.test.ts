import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createRig, openContent, publish } from './rig.js';

const BLOCK = 65_536;

it('gives two readers of one block the same bytes, whatever the others do to theirs', async () => {
  const content = randomBytes(3 * BLOCK);
  const publisher = await createRig();
  const reader = await createRig();
  const { distribution } = reader;
  const publishing = await publisher.distribution.startup();
  const information = await publish(publisher.distribution, publishing, 'a', content);
  const session = await distribution.startup();
  const handle = await openContent(distribution, session, information, [publisher.peer()]);
  const read = () => distribution.blockRead(session, handle, 0, { maxBytes: BLOCK });

  const reads = Array.from({ length: 8 }, async () => {
    const result = await read();
    const isRight = result._tag === 'Data' && content.subarray(0, BLOCK).equals(result.bytes);
    if (result._tag === 'Data') result.bytes.fill(0);
    return isRight;
  });
  expect(await Promise.all(reads)).toEqual(Array.from({ length: 8 }, () => true));
  expect(await read()).toMatchObject({ _tag: 'Data' });
  await publisher.remove();
  await reader.remove();
});
