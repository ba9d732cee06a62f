import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { run, start } from '../cli/run.js';
import { contentOf, inDirectory, openNode, publishOn } from './support/node.js';

const CONTENT = contentOf(24_000_000);
/** Before it has started, while it works, about when it ends. */
const MOMENTS = [100, 300, 450, 600];

it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
  '%s at any moment leaves a cache that works and no half file',
  (signal) =>
    inDirectory(async (directory) => {
      await using publisher = await openNode(join(directory, 'publisher'));
      await writeFile(join(directory, 'content'), CONTENT);
      await writeFile(join(directory, 'content.ci'), await publishOn(publisher, CONTENT));
      const retrieve = ['retrieve', 'content.ci', '--peer', publisher.peer, '-o', 'copy'];
      for (const moment of MOMENTS) {
        for (const args of [retrieve, ['publish', 'content', '--ci-out', `${moment}.ci`]]) {
          const { child, ended } = start(directory, args);
          await setTimeout(moment);
          child.kill(signal);
          await ended;
        }
      }
      const names = await readdir(directory);
      if (names.includes('copy')) expect(CONTENT.equals(await readFile(join(directory, 'copy')))).toBe(true);
      for (const moment of MOMENTS.filter((one) => names.includes(`${one}.ci`))) {
        expect((await run(directory, ['ci', 'show', `${moment}.ci`])).code).toBe(0);
      }
      if (signal !== 'SIGKILL') expect(names.filter((name) => name.endsWith('.part'))).toEqual([]);
      const ran = await run(directory, retrieve);
      expect(ran.code, ran.stderr).toBe(0);
      expect(CONTENT.equals(await readFile(join(directory, 'copy')))).toBe(true);
    }),
);

it('two commands at once on one data directory do not disturb one another', () =>
  inDirectory(async (directory) => {
    await using publisher = await openNode(join(directory, 'publisher'));
    await writeFile(join(directory, 'content'), CONTENT);
    await writeFile(join(directory, 'content.ci'), await publishOn(publisher, CONTENT));
    const retrieve = (to: string) =>
      run(directory, ['retrieve', 'content.ci', '--peer', publisher.peer, '-o', to]);
    const publishing = ['one.ci', 'two.ci'].map((ci) =>
      start(directory, ['publish', 'content', '--ci-out', ci]),
    );
    const retrieved = await Promise.all([retrieve('one'), retrieve('two')]);
    await Promise.all(publishing.map(({ line }) => line(/serving on/)));
    expect(retrieved.map(({ code }) => code)).toEqual([0, 0]);
    for (const name of ['one', 'two'])
      expect(CONTENT.equals(await readFile(join(directory, name)))).toBe(true);
    expect(await readFile(join(directory, 'one.ci'))).toEqual(await readFile(join(directory, 'two.ci')));
    for (const { child } of publishing) child.kill('SIGINT');
    expect((await Promise.all(publishing.map(({ ended }) => ended))).map(({ code }) => code)).toEqual([0, 0]);

    const storm = Array.from({ length: 6 }, (_, index) => run(directory, [index % 2 ? 'enable' : 'disable']));
    for (const { code } of await Promise.all(storm)) expect(code).toBe(0);
    expect((await run(directory, ['enable'])).code).toBe(0);
    expect((await retrieve('three')).code).toBe(0);
  }));
