import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slowLine, type SlowLine } from '../../bench/lib/slow-line.js';
import type { DistributionEvent } from '../../src/driver/index.js';
import { observeDistribution } from '../../src/effects/index.js';
import { CLAIM_PATH } from '../../src/engine/distribution/crowd/index.js';
import { findRetrievals, readJournal } from '../../src/engine/index.js';
import { createContentServer, getIterable, sendContent } from '../../src/http/index.js';
import { collect, contentOf, listen, type Machine, startMachine } from './support.js';

const CONTENT = contentOf(6_000_000);
const PAGE = { bytes: CONTENT };
const BYTES_PER_SECOND = 12_000_000;

let publisher: Machine;
let clients: readonly Machine[];
let origin: Awaited<ReturnType<typeof listen>>;
let line: SlowLine;
let url: string;
/** Bytes of content that the origin was asked for. */
let asked: number;

beforeEach(async () => {
  publisher = await startMachine();
  clients = await Promise.all([startMachine(), startMachine(), startMachine()]);
  asked = 0;
  const content = createContentServer({ session: publisher.session });
  await content.prepare(PAGE);
  origin = await listen((request, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    if (first !== undefined) asked += Number(last) + 1 - Number(first);
    void sendContent(content, request, response, PAGE);
  });
  line = await slowLine(origin.port, BYTES_PER_SECOND);
  url = `http://127.0.0.1:${line.port}/`;
});

afterEach(async () => {
  line.close();
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  await origin[Symbol.asyncDispose]();
  await publisher[Symbol.asyncDispose]();
});

const endpointOf = ({ driver }: Machine): string => {
  const { host, port } = driver.endpoint() ?? { host: '', port: 0 };
  return `${host}:${port}`;
};

const othersOf = (machine: Machine): readonly string[] =>
  clients.filter((other) => other !== machine).map(endpointOf);

const fetchAs = async (machine: Machine, peers: readonly string[]): Promise<Buffer> =>
  Buffer.concat(await collect(getIterable(url, { session: machine.session, peers })));

type NeighbourAwaited = Extract<DistributionEvent, { readonly _tag: 'NeighbourAwaited' }>;

/** What a machine tells from now on of waiting for neighbours. */
const waitingOf = (machine: Machine): readonly NeighbourAwaited[] => {
  const told: NeighbourAwaited[] = [];
  observeDistribution(machine.session, (event) => {
    if (event._tag === 'NeighbourAwaited') told.push(event);
  });
  return told;
};

describe('machines that want the same at once', () => {
  it('ask the origin for each byte once', async () => {
    const waiting = clients.map(waitingOf);
    const copies = await Promise.all(clients.map((client) => fetchAs(client, othersOf(client))));
    for (const copy of copies) expect(copy.equals(CONTENT)).toBe(true);
    expect(asked).toBeGreaterThanOrEqual(CONTENT.length);
    expect(asked).toBeLessThanOrEqual(CONTENT.length * 1.05);
    waiting.forEach((told, index) => {
      for (const { peer } of told) expect(othersOf(clients[index]!)).toContain(peer);
    });
    expect(waiting.flat().some(({ isThere }) => isThere)).toBe(true);
  });

  it('need not know each other on both sides', async () => {
    const [first, second] = clients;
    const copies = await Promise.all([fetchAs(first!, []), fetchAs(second!, [endpointOf(first!)])]);
    for (const copy of copies) expect(copy.equals(CONTENT)).toBe(true);
    expect(asked).toBeLessThan(CONTENT.length * 1.5);
  });

  it('go on when the one that fetches goes away in the middle', async () => {
    const [first, second, third] = clients;
    const leaving = (async () => {
      for await (const piece of getIterable(url, { session: first!.session })) {
        if (piece.length > 0) break;
      }
      await first!.session.close();
    })();
    const copies = await Promise.all([second!, third!].map((client) => fetchAs(client, othersOf(client))));
    for (const copy of copies) expect(copy.equals(CONTENT)).toBe(true);
    await leaving;
  });
});

describe('a neighbour that is of no use costs no byte of the content', () => {
  const answering =
    (body: string) =>
    (socket: Socket): void =>
      void socket.on('data', () =>
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
      );

  it.each<[string, (socket: Socket) => void]>([
    ['it accepts and says nothing', () => undefined],
    ['it fetches everything for ever', answering('{"_tag":"Claimed","isFetching":true}')],
    ['it is about to fetch for ever', answering('{"_tag":"Claimed","isFetching":false}')],
    ['it says that it has everything, and delivers nothing', answering('{"_tag":"Here","blocks":64}')],
    [
      'it knows no such questions',
      (socket) => void socket.on('data', () => socket.end('HTTP/1.1 404 No\r\n\r\n')),
    ],
    ['it talks nonsense', (socket) => void socket.on('data', () => socket.write('\0\0\0\0\r\n\r\n'))],
    ['it hangs up', (socket) => void socket.destroy()],
  ])('%s', async (_name, behave) => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      behave(socket);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const [client] = clients;
    expect((await fetchAs(client!, [`127.0.0.1:${port}`])).equals(CONTENT)).toBe(true);
    expect(asked).toBe(CONTENT.length);
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('who is waited for in vain is told, and on record as a reason', async () => {
    const [client, poor] = clients;
    const claimed = '{"_tag":"Claimed","isFetching":true}';
    // Of blocks it says the truth, that it has none: who lies of them is not waited for.
    const server = createServer((near) => {
      const far = connect(poor!.driver.endpoint()?.port ?? 0, '127.0.0.1');
      for (const socket of [near, far]) {
        socket.on('error', () => undefined).on('close', () => (near.destroy(), far.destroy()));
      }
      far.on('data', (data) => near.write(data));
      near.on('data', (data) => {
        if (data.includes(CLAIM_PATH))
          near.write(`HTTP/1.1 200 OK\r\nContent-Length: ${claimed.length}\r\n\r\n${claimed}`);
        else far.write(data);
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const peer = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const told = waitingOf(client!);
    await fetchAs(client!, [peer]);
    expect(told.length).toBeGreaterThan(0);
    for (const event of told) expect(event).toMatchObject({ peer, isThere: false });
    await client!.session.close();
    const [found] = findRetrievals(await readJournal(join(client!.directory, 'data')), { name: url });
    expect(found?.retrieval.explanation.segments.flatMap(({ reasons }) => reasons)).toContainEqual({
      _tag: 'WaitedInVain',
      peer,
    });
    server.close();
  });
});
