import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContentServer, sendContent, type ContentServer } from '../../../../src/http/index.js';
import { ServiceConfig } from '../../../../src/engine/service-config.js';
import { ask, contentOf, listen, startMachine, type Machine, type Received } from '../../../http/support.js';
import { expectTrue } from './by-hand.js';

/* The methods of Microsoft's protocol test suite for content servers, under their names (without ContentServer_). */

const VERSIONS = [1, 2] as const;
type Version = (typeof VERSIONS)[number];

const CONTENTS: Readonly<Record<string, Buffer>> = {
  '/prepared': contentOf(500_000, 1),
  '/large': contentOf(33_554_432 + 500_000, 2),
  '/asked-for/1': contentOf(400_000, 3),
  '/asked-for/2': contentOf(400_000, 4),
};

let machine: Machine;
let server: ContentServer;
let origin: Awaited<ReturnType<typeof listen>>;
let serverSecret: Buffer;

beforeAll(async () => {
  machine = await startMachine();
  serverSecret = await new ServiceConfig(join(machine.directory, 'data')).serverSecret();
  server = createContentServer({ session: machine.session });
  origin = await listen((request, response) => {
    const bytes = CONTENTS[request.url ?? ''];
    if (bytes === undefined) response.writeHead(404).end();
    else void sendContent(server, request, response, { bytes });
  });
  await server.prepare({ bytes: CONTENTS['/prepared']! });
});

afterAll(async () => {
  await origin[Symbol.asyncDispose]();
  await server.close();
  await machine[Symbol.asyncDispose]();
});

/** What a client sends that reads content information of this version only. */
const headersFor = (version: Version): Record<string, string> => ({
  'accept-encoding': 'gzip, deflate, peerdist',
  'x-p2p-peerdist': 'Version=1.1',
  'x-p2p-peerdistex': `MinContentInformation=${version}.0, MaxContentInformation=${version}.0`,
});

const get = (path: string, headers: Record<string, string>): Promise<Received> =>
  ask(`${origin.url}${path}`, { headers });

const isEncoded = ({ headers }: Received): boolean => headers['content-encoding'] === 'peerdist';

const expectPlain = async (headers: Record<string, string>): Promise<void> => {
  const answer = await get('/prepared', headers);
  expect(answer.status).toBe(200);
  expect(isEncoded(answer)).toBe(false);
  expect(answer.body.equals(CONTENTS['/prepared']!)).toBe(true);
};

/** Asks again, as clients do, until there is content information. */
const whenEncoded = async (path: string, version: Version): Promise<Received> => {
  let answer: Received;
  do answer = await get(path, headersFor(version));
  while (!isEncoded(answer));
  return answer;
};

describe('content information', () => {
  it.each(VERSIONS)('ContentInformationRetrieval_V%d', async (version) => {
    const path = `/asked-for/${version}`;
    const first = await get(path, headersFor(version));
    expect(isEncoded(first)).toBe(false);
    expect(first.body.equals(CONTENTS[path]!)).toBe(true);
    expect(first.headers['x-p2p-peerdistex']).toBe('MakeHashRequest=true');
    const { body, headers } = await whenEncoded(path, version);
    expect(headers['x-p2p-peerdist']).toBe('Version=1.1, ContentLength=400000');
    expectTrue(body, CONTENTS[path]!, serverSecret, version);
  });

  it.each(VERSIONS)('ForcedHashGenerationContentInformationRetrieval_V%d', async (version) => {
    const answer = await get('/prepared', headersFor(version));
    expect(isEncoded(answer)).toBe(true);
    expectTrue(answer.body, CONTENTS['/prepared']!, serverSecret, version);
  });

  it.each(VERSIONS)('MultipleSegment in version %d', async (version) => {
    const { body } = await whenEncoded('/large', version);
    expectTrue(body, CONTENTS['/large']!, serverSecret, version);
  });

  it('MissingDataRequestFalse', async () => {
    const headers = { ...headersFor(1), 'x-p2p-peerdist': 'Version=1.1, MissingDataRequest=false' };
    expect(isEncoded(await get('/prepared', headers))).toBe(true);
  });
});

describe('plain content', () => {
  it.each(VERSIONS)('MissingContentRetrieval_HTTPOnly_V%d', async (version) => {
    const missing = { 'x-p2p-peerdist': 'Version=1.1, MissingDataRequest=true' };
    await expectPlain(missing);
    await expectPlain({ ...headersFor(version), ...missing });
  });

  it.each<readonly [string, Record<string, string>]>([
    ['ContentEncodingNotHavePeerDist', { 'accept-encoding': 'gzip, deflate' }],
    ['VersionIncompatible', { 'x-p2p-peerdist': 'Version=999.999' }],
    ['MissingDataRequestInvalid', { 'x-p2p-peerdist': 'Version=1.1, MissingDataRequest=unknown' }],
    [
      'ContentInformationVersionIncompatible',
      { 'x-p2p-peerdistex': 'MinContentInformation=3.0, MaxContentInformation=4.0' },
    ],
  ])('%s', async (_name, changed) => {
    for (const version of VERSIONS) await expectPlain({ ...headersFor(version), ...changed });
  });
});
