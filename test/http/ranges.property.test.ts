import { fc, test as property } from '@fast-check/vitest';
import express from 'express';
import { utimes, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect } from 'vitest';
import { join } from 'node:path';
import { createContentServer, sendContent } from '../../src/http/index.js';
import { ask, contentOf, listen, type Machine, startMachine } from './support.js';

/**
 * Every answer to a range is that of an independent server of static files. Left out is where RFC 9110 leaves a choice
 * (14.2: several ranges, and those that are upside down) and where that server does not follow it (14.1.2: a suffix
 * longer than the file means all of it); these have tests of their own.
 */
const LENGTH = 1_000;
const CONTENT = contentOf(LENGTH);

let machine: Machine;
let ours: Awaited<ReturnType<typeof listen>>;
let theirs: Awaited<ReturnType<typeof listen>>;

beforeAll(async () => {
  machine = await startMachine();
  const path = join(machine.directory, 'content.bin');
  await writeFile(path, CONTENT);
  const content = createContentServer({ session: machine.session });
  ours = await listen((request, response) => void sendContent(content, request, response, { path }));
  theirs = await listen(
    express().use((_request, response) => response.sendFile(path, { cacheControl: false })),
  );
  await utimes(path, new Date(1_000_000), new Date(1_000_000));
});

afterAll(async () => {
  await ours[Symbol.asyncDispose]();
  await theirs[Symbol.asyncDispose]();
  await machine[Symbol.asyncDispose]();
});

const position = fc.oneof(
  fc.integer({ min: 0, max: LENGTH + 10 }),
  fc.constantFrom(0, LENGTH - 1, LENGTH, Number.MAX_SAFE_INTEGER),
);

const range = fc.oneof(
  fc.tuple(position, position).map((ends) => `bytes=${Math.min(...ends)}-${Math.max(...ends)}`),
  position.map((first) => `bytes=${first}-`),
  fc.integer({ min: 0, max: LENGTH }).map((suffix) => `bytes=-${suffix}`),
  fc.constantFrom(
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'lines=1-2',
    'bytes 1-2',
    'bytes=1',
    'bytes=1-2-3',
    'bytes=--1',
  ),
);

const SAME = ['content-range', 'content-length', 'accept-ranges', 'last-modified'] as const;

property.prop([range])('a range is answered as by another server', async (header) => {
  const [our, their] = await Promise.all(
    [ours, theirs].map(({ url }) => ask(url, { headers: { range: header } })),
  );
  if (our === undefined || their === undefined) throw new Error('no answer');
  expect(our.status).toBe(their.status);
  if (our.status === 416) expect(our.headers['content-range']).toBe(their.headers['content-range']);
  else {
    for (const name of SAME) expect([name, our.headers[name]]).toEqual([name, their.headers[name]]);
    expect(our.body.equals(their.body)).toBe(true);
  }
});
