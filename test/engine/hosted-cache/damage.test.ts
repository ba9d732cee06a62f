import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { eventsOf, newDirectory, startCache } from './harness.js';
import { publish, retrieve, startMachine } from './machine.js';

it.each([1, 2] as const)(
  'a block of version %i that was damaged on disk is told, and is lacking to who reads',
  async (version) => {
    const directory = await newDirectory();
    const { peer, events } = await startCache({ directory });
    const publisher = await startMachine();
    const content = randomBytes(1_000_000);
    const information = await publish(publisher, content, version);
    const first = await startMachine({ hostedCache: { address: peer } });
    await retrieve(first, information, [`127.0.0.1:${publisher.engine.endpoint()?.port}`]);
    await first.engine.distribution.shutdown(first.session);
    const [name = ''] = (await readdir(directory)).filter((one) => one.endsWith('.blocks'));
    const bytes = await readFile(join(directory, name));
    randomBytes(64).copy(bytes, 500_000);
    await writeFile(join(directory, name), bytes);

    const reader = await startMachine({ hostedCache: { address: peer }, listen: false });
    await expect(retrieve(reader, information, [])).rejects.toThrow('Missing');
    const attempts = eventsOf(reader.events, 'BlockUnavailable').flatMap((event) => event.attempts);
    // Of few blocks no list is asked for, and an empty answer may mean either.
    for (const { reason } of attempts) expect(['lacks-block', 'busy']).toContain(reason);
    expect(attempts).not.toEqual([]);
    expect(eventsOf(events, 'SegmentEvicted')).toMatchObject([{ reason: 'damaged' }]);

    const again = await startMachine({ hostedCache: { address: peer, turn: 'before-peers' } });
    const peers = [`127.0.0.1:${publisher.engine.endpoint()?.port}`];
    expect((await retrieve(again, information, peers)).equals(content)).toBe(true);
    await again.engine.distribution.shutdown(again.session);
    const last = await startMachine({ hostedCache: { address: peer }, listen: false });
    expect((await retrieve(last, information, [])).equals(content)).toBe(true);
  },
);
