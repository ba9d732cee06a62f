import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../src/driver/index.js';
import { compileEngine } from './support/compiled.js';
import { dataDirectory, drain, faultOf, secret, startEngine } from './support/engine.js';

let entry = '';
beforeAll(async () => {
  entry = pathToFileURL(await compileEngine()).href;
});

/** Runs a script in another process that has `engine` on the given data directory; `say` prints a line. */
const other = (dataDir: string, script: string): ChildProcess =>
  spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { createGroupingEngine } from ${JSON.stringify(entry)};
       const engine = createGroupingEngine({ dataDir: ${JSON.stringify(dataDir)} });
       const { grouping, identity } = engine;
       const say = (line) => process.stdout.write(line + '\\n');
       await grouping.startup();
       ${script}`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );

const linesOf = async (child: ChildProcess): Promise<string[]> => {
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout! })) lines.push(line);
  return lines;
};

test('another process sees the same identities and groups, and ends by itself', async () => {
  const engine = await startEngine();
  const mine = await engine.identity.create({ friendlyName: 'mine' });
  const child = other(
    engine.dataDir,
    `const group = await grouping.create({ creatorPeerName: ${JSON.stringify(mine)}, friendlyName: 'theirs' });
     say((await grouping.getProperties(group)).groupPeerName);
     say(await identity.getFriendlyName(${JSON.stringify(mine)}));
     say(await identity.getDefault());`,
  );
  const exited = once(child, 'exit');
  const [groupPeerName = '', friendlyName, defaultName] = await linesOf(child);
  expect(await exited).toEqual([0, null]);
  expect(friendlyName).toBe('mine');
  expect(await engine.identity.getDefault()).toBe(defaultName);
  const group = await engine.grouping.open(mine, groupPeerName, undefined);
  expect((await engine.grouping.getProperties(group)).friendlyName).toBe('theirs');
  expect(await faultOf(engine.identity.delete(mine))).toBe('PEER_E_GROUPS_EXIST');
});

test('a handle dies when another process deletes the group', async () => {
  const engine = await startEngine();
  const mine = await engine.identity.create({});
  const group = await engine.grouping.create({ creatorPeerName: mine });
  const { groupPeerName } = await engine.grouping.getProperties(group);
  const child = other(
    engine.dataDir,
    `await grouping.delete(${JSON.stringify(mine)}, ${JSON.stringify(groupPeerName)}); say('deleted');`,
  );
  expect(await linesOf(child)).toEqual(['deleted']);
  expect(await faultOf(engine.grouping.getProperties(group))).toBe('PEER_E_INVALID_GROUP');
});

test('who waits for the end of a group is told when another process deletes it', async () => {
  const engine = await startEngine();
  const mine = await engine.identity.create({});
  const { grouping } = engine;
  const group = await grouping.create({ creatorPeerName: mine });
  const stays = await grouping.create({ creatorPeerName: mine });
  const { groupPeerName } = await grouping.getProperties(group);
  const told: string[] = [];
  const deleted = new Promise<void>((resolve) => {
    grouping.whenDeleted?.(group, () => {
      told.push('deleted');
      resolve();
    });
  });
  grouping.whenDeleted?.(stays, () => told.push('the other one'));
  const child = other(
    engine.dataDir,
    `await grouping.delete(${JSON.stringify(mine)}, ${JSON.stringify(groupPeerName)}); say('deleted');`,
  );
  expect(await linesOf(child)).toEqual(['deleted']);
  await deleted;
  expect(told).toEqual(['deleted']);
  expect(await faultOf(grouping.close(group))).toBe('PEER_E_INVALID_GROUP');
  expect(await grouping.getStatus(stays)).toEqual({ listening: false, hasConnections: false });
});

test('waiting for the end of a group keeps no process alive', async () => {
  const child = other(
    await dataDirectory(),
    `const group = await grouping.create({ creatorPeerName: await identity.getDefault() });
     grouping.whenDeleted(group, () => say('deleted'));
     say('waiting');`,
  );
  const exited = once(child, 'exit');
  expect(await linesOf(child)).toEqual(['waiting']);
  expect(await exited).toEqual([0, null]);
});

test('two processes agree on one default identity', async () => {
  const dataDir = await dataDirectory();
  const children = [1, 2, 3].map(() => other(dataDir, 'say(await identity.getDefault());'));
  const names = (await Promise.all(children.map(linesOf))).flat();
  expect(names).toHaveLength(3);
  expect(new Set(names).size).toBe(1);
});

test('a process killed at any moment loses nothing that it had finished and leaves nothing half done', async () => {
  const dataDir = await dataDirectory();
  const finished = new Map<string, string>();
  for (let round = 0; round < 5; round += 1) {
    const child = other(
      dataDir,
      `for (let index = 0; ; index += 1) {
         const name = await identity.create({ classifier: 'k' + index });
         await identity.setFriendlyName(name, 'named');
         const group = await grouping.create({ creatorPeerName: name });
         const { groupPeerName } = await grouping.getProperties(group);
         say('kept ' + name + ' ' + groupPeerName);
         const doomed = await identity.create({ classifier: 'd' + index });
         await identity.delete(doomed);
         say('gone ' + doomed);
       }`,
    );
    let lines = 0;
    for await (const line of createInterface({ input: child.stdout! })) {
      const [what = '', name = '', group = ''] = line.split(' ');
      finished.set(name, what === 'kept' ? group : '');
      // Each round dies at another point of its work.
      if ((lines += 1) === 2 + round) setTimeout(() => child.kill('SIGKILL'), round * 3);
    }
  }
  const engine = await startEngine({ dataDir });
  const listed = (await drain(engine, await engine.identity.enumerate())).map(({ peerName }) => peerName);
  for (const [name, group] of finished) {
    expect([name, listed.includes(name)]).toEqual([name, group !== '']);
    if (group === '') continue;
    expect(await engine.identity.getFriendlyName(name)).toBe('named');
    await engine.grouping.close(await engine.grouping.open(name, group, undefined));
  }
  for (const name of listed) {
    const xml = await engine.identity.getXml(name);
    expect(xml).toContain('PEERIDENTITYINFO');
    await (await engine.identity.getKey(name)).release();
    for (const { peerName } of await drain(engine, await engine.identity.enumerateGroups(name)))
      await engine.grouping.close(await engine.grouping.open(name, peerName, undefined));
  }
});

test('leftovers of dead processes are cleared away after an hour', async () => {
  const engine = await startEngine();
  const staging = join(engine.dataDir, 'grouping', 'staging');
  await mkdir(join(staging, 'old'));
  await writeFile(join(staging, 'old', 'key.p8'), 'half a key');
  await mkdir(join(staging, 'young'));
  const longAgo = new Date(Date.now() - 2 * 3600 * 1000);
  await utimes(join(staging, 'old'), longAgo, longAgo);
  await startEngine({ dataDir: engine.dataDir, clock: systemClock });
  expect(await readdir(staging)).toEqual(['young']);
});

test('more identities than allowed are refused', async () => {
  const engine = await startEngine();
  const root = join(engine.dataDir, 'grouping', 'identities');
  for (let index = 0; index < 1023; index += 1) await mkdir(join(root, `x${index}`));
  const name = await engine.identity.create({});
  expect(await faultOf(engine.identity.create({}))).toBe('PEER_E_TOO_MANY_IDENTITIES');
  expect(await faultOf(engine.identity.getDefault())).toBe('PEER_E_TOO_MANY_IDENTITIES');
  const xml = await engine.identity.export(name, secret('pw'));
  await engine.identity.delete(name);
  expect(await engine.identity.import(xml, secret('pw'))).toBe(name);
});
