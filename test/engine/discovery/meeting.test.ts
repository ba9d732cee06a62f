import { lookup } from 'node:dns/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import type { DiscoveryParts } from '../../../src/engine/distribution/discovery/discovery.js';
import {
  decodeDiscoveryMessage,
  encodeProbe,
  encodeProbeMatch,
} from '../../../src/engine/distribution/discovery/wire/index.js';
import type { SegmentInfo } from '../../../src/engine/distribution/ports.js';
import {
  holding,
  Lan,
  lookFor,
  type Machine,
  PEER_PORT,
  segmentOf,
  settle,
  startMachine,
  tagsOf,
} from './lan.js';

const [HERE, THERE, LIAR, FAR] = ['10.0.0.1', '10.0.0.2', '10.0.0.66', '10.9.9.9'];
const one = segmentOf(1);
const two = segmentOf(2);
const small = segmentOf(3, 2);
const nameOf = ({ id }: { readonly id: Uint8Array }): string => Buffer.from(id).toString('hex');

let lan: Lan;
let count = 0;
/** Who has heard by a question of whom, and about what. */
let acquainted: (readonly [address: string, segment: string, peer: string])[];
beforeEach(() => {
  acquainted = [];
  lan = new Lan();
});

/** A machine that has nothing, and fetches these segments. */
const startFetching = (
  address: string,
  segments: readonly SegmentInfo[],
  parts: Partial<DiscoveryParts> = {},
): Promise<Machine> => {
  const names = new Set(segments.map(nameOf));
  return startMachine(lan, address, undefined, {
    serving: {
      source: holding(),
      endpoint: { host: '0.0.0.0', port: PEER_PORT },
      fetching: {
        fetches: (id) => names.has(nameOf({ id })),
        meet: (id, peer) => acquainted.push([address, nameOf({ id }), peer]),
      },
    },
    ...parts,
  });
};

/** Who is met until the time for answers is over. */
const meetAs = async (
  machine: Machine,
  segments: readonly SegmentInfo[],
  ms = 300,
): Promise<readonly string[]> => {
  const met: string[] = [];
  let isOver = false;
  const over = machine
    .meet(segments, (peer) => met.push(peer), new AbortController().signal)
    .then(() => (isOver = true));
  await settle();
  lan.clock.advance(ms - 1);
  await settle();
  if (ms === 300) expect(isOver).toBe(false);
  lan.clock.advance(1);
  await settle();
  if (ms === 300) await over;
  return [...new Set(met)].sort();
};

const crowdMessages = (from: string) =>
  lan.sent.filter((sent) => sent.from === from && sent.bytes.includes('urn:peerweave:crowd'));
const probesOf = (address: string) => [
  ...new Set(crowdMessages(address).flatMap(({ bytes }) => (bytes.includes('Matches') ? [] : [bytes]))),
];
const answersOf = (address: string) =>
  crowdMessages(address).filter(({ bytes }) => bytes.includes('ProbeMatches'));
const ignored = ({ events }: Machine) =>
  events.filter((event) => event._tag === 'DiscoveryMessageIgnored' && event.reason !== 'own');

describe('machines that fetch the same', () => {
  test.each([
    ['1', one],
    ['2', small],
  ])('meet while none of them has anything: version %s', async (_, segment) => {
    const there = await startFetching(THERE, [segment]);
    await startFetching('10.0.0.3', [two]);
    await startMachine(lan, '10.0.0.4', holding(segment));
    const here = await startFetching(HERE, [segment]);
    expect(await meetAs(here, [segment])).toEqual([`${THERE}:${PEER_PORT}`]);
    const about = { version: 'crowd', segments: [nameOf(segment)] };
    expect(here.events).toEqual([
      { _tag: 'DiscoveryRequestSent', to: 'multicast', ...about },
      { _tag: 'DiscoveryMessageIgnored', peer: HERE, reason: 'own' },
      { _tag: 'DiscoveryResponseReceived', peer: `${THERE}:${PEER_PORT}`, ...about },
    ]);
    expect(acquainted).toEqual([[THERE, nameOf(segment), `${HERE}:${PEER_PORT}`]]);
    expect(there.events).toEqual([
      { _tag: 'DiscoveryRequestReceived', peer: HERE, ...about },
      { _tag: 'DiscoveryResponseSent', peer: HERE, ...about },
    ]);
  });

  test('are not taken for machines that have it', async () => {
    await startFetching(THERE, [one]);
    const here = await startFetching(HERE, [one]);
    await meetAs(here, [one]);
    expect(here.known(one)).toEqual([]);
    expect(await lookFor(lan, here, [one])).toEqual([]);
  });

  test('nobody else: it is over when the search for peers would be, and nothing is told of it', async () => {
    const here = await startFetching(HERE, [one]);
    expect(await meetAs(here, [one])).toEqual([]);
    expect(probesOf(HERE)).toHaveLength(3);
    expect(new Set(tagsOf(here.events))).toEqual(
      new Set(['DiscoveryRequestSent', 'DiscoveryMessageIgnored']),
    );
    expect(ignored(here)).toEqual([]);
  });

  test('who serves nobody asks, and does not answer', async () => {
    await startFetching(THERE, [one]);
    const mute = await startMachine(lan, HERE);
    expect(await meetAs(mute, [one])).toEqual([`${THERE}:${PEER_PORT}`]);
    expect(await meetAs(await startFetching('10.0.0.3', [one]), [one])).toEqual([`${THERE}:${PEER_PORT}`]);
    expect(answersOf(HERE)).toEqual([]);
    expect(acquainted).toEqual([[THERE, nameOf(one), `10.0.0.3:${PEER_PORT}`]]);
  });

  test('who is not to ask by multicast sends nothing', async () => {
    await startFetching(THERE, [one]);
    const quiet = await startFetching(HERE, [one], { multicast: false });
    await quiet.meet([one], () => undefined, new AbortController().signal);
    expect(lan.sent).toEqual([]);
  });

  test('nothing to look for is no question', async () => {
    const here = await startFetching(HERE, [one]);
    await here.meet([], () => undefined, new AbortController().signal);
    expect(lan.sent).toEqual([]);
  });

  test('closing ends the question', async () => {
    const here = await startFetching(HERE, [one]);
    const asking = here.meet([one], () => undefined, new AbortController().signal);
    await here.close();
    await asking;
    expect(lan.clock.pending).toBe(0);
  });

  test('one packet is enough, whatever the hash', async () => {
    await startFetching(THERE, [one]);
    const long = Array.from({ length: 20 }, (_, index) => ({ ...one, id: Buffer.alloc(64, index) }));
    await meetAs(await startFetching(HERE, long), long);
    const [probe] = probesOf(HERE);
    expect(decodeDiscoveryMessage(probe!)).toMatchObject({ segments: { length: 4 } });
    expect(probe!.length).toBeLessThanOrEqual(1_452);
  });

  test('nothing in the messages is of the protocol that others speak', async () => {
    await startFetching(THERE, [one]);
    await meetAs(await startFetching(HERE, [one]), [one]);
    const messages = [...probesOf(HERE), ...answersOf(THERE).map(({ bytes }) => bytes)];
    expect(messages).toHaveLength(2);
    for (const bytes of messages) expect(bytes.toString()).not.toMatch(/PeerDist|microsoft/i);
  });
});

describe('hosts that are named', () => {
  const named = (...hosts: readonly string[]): Partial<DiscoveryParts> => ({
    multicast: false,
    hosts: hosts.map((host) => ({ host, port: 3702 })),
  });
  /** A name that is too long to be one: looking it up fails without asking anybody. */
  const NO_NAME = 'x'.repeat(300);

  test.each([
    ['1', one],
    ['2', small],
  ])('are asked who of them fetches the same, wherever they are: version %s', async (_, segment) => {
    const far = await startFetching(FAR, [segment], { answersAnywhere: true });
    await startFetching(THERE, [two], { answersAnywhere: true });
    await startMachine(lan, '10.0.0.4', holding(segment), { answersAnywhere: true });
    const here = await startFetching(HERE, [segment], named(FAR, THERE, '10.0.0.4'));
    expect(await meetAs(here, [segment])).toEqual([`${FAR}:${PEER_PORT}`]);
    const about = { version: 'crowd', segments: [nameOf(segment)] };
    expect(here.events).toContainEqual({ _tag: 'DiscoveryRequestSent', to: `${FAR}:3702`, ...about });
    expect(far.events).toEqual([
      { _tag: 'DiscoveryRequestReceived', peer: HERE, ...about },
      { _tag: 'DiscoveryResponseSent', peer: HERE, ...about },
    ]);
    expect(lan.sent.some(({ to }) => to === '10.0.0.3')).toBe(false);
  });

  test('get no answer that is longer than the question, and believe no stranger where it asks from', async () => {
    await startFetching(FAR, [one], { answersAnywhere: true });
    await meetAs(await startFetching(HERE, [one], named(FAR)), [one]);
    const [probe, answer] = [probesOf(HERE)[0]!, answersOf(FAR)[0]!];
    expect(answer.bytes.length).toBeLessThanOrEqual(probe.length);
    expect(probe.length).toBeLessThanOrEqual(1_452);
    expect(acquainted).toEqual([]);
  });

  test('learn by the question alone who fetches, if he is named there as well', async () => {
    const far = await startFetching(FAR, [one], { answersAnywhere: true, ...named(NO_NAME, THERE, HERE) });
    const [here, stranger] = [
      await startFetching(HERE, [one], named(FAR)),
      await startFetching('10.0.0.3', [one], named(FAR)),
    ];
    lan.loses = ({ bytes }) => bytes.includes('ProbeMatches');
    for (const machine of [far, here, stranger]) expect(await meetAs(machine, [one])).toEqual([]);
    expect(new Set(acquainted.map(String))).toEqual(new Set([`${FAR},${nameOf(one)},${HERE}:${PEER_PORT}`]));
  });

  test('are asked beside the neighbours', async () => {
    await startFetching(THERE, [one]);
    await startFetching(FAR, [one], { answersAnywhere: true });
    const here = await startFetching(HERE, [one], { ...named(FAR), multicast: true });
    expect(await meetAs(here, [one])).toEqual([`${THERE}:${PEER_PORT}`, `${FAR}:${PEER_PORT}`]);
  });

  test('one without an address ends no search for others, be it for who fetches or for who has it', async () => {
    await startFetching(FAR, [one], { answersAnywhere: true });
    await startMachine(lan, '10.0.0.4', holding(two), { answersAnywhere: true });
    const here = await startFetching(HERE, [one], named(NO_NAME, FAR, '10.0.0.4'));
    const met: string[] = [];
    const meeting = here.meet([one], (peer) => met.push(peer), new AbortController().signal);
    const finding = here.find([two], new AbortController().signal);
    await expect(lookup(NO_NAME)).rejects.toThrow();
    await settle();
    lan.clock.advance(300);
    await meeting;
    expect(met).toEqual([`${FAR}:${PEER_PORT}`]);
    expect(await finding).toEqual([`10.0.0.4:${PEER_PORT}`]);
  });
});

describe('what gets lost, and what comes twice', () => {
  test('a lost question is asked again', async () => {
    await startFetching(THERE, [one]);
    const here = await startFetching(HERE, [one]);
    let left = 2;
    lan.loses = ({ to, bytes }) => to === THERE && bytes.includes('Probe') && (left -= 1) >= 0;
    expect(await meetAs(here, [one])).toEqual([`${THERE}:${PEER_PORT}`]);
    expect(probesOf(HERE)).toHaveLength(3);
  });

  test('a lost answer is given again', async () => {
    await startFetching(THERE, [one]);
    const here = await startFetching(HERE, [one]);
    let left = 1;
    lan.loses = ({ to, bytes }) => to === HERE && bytes.includes('ProbeMatches') && (left -= 1) >= 0;
    expect(await meetAs(here, [one])).toEqual([`${THERE}:${PEER_PORT}`]);
    expect(answersOf(THERE)).toHaveLength(2);
  });

  test('all answers lost: the questions were enough', async () => {
    await startFetching(THERE, [one]);
    const here = await startFetching(HERE, [one]);
    lan.loses = ({ bytes }) => bytes.includes('ProbeMatches');
    expect(await meetAs(here, [one])).toEqual([]);
    expect(new Set(acquainted.map(String))).toEqual(
      new Set([`${THERE},${nameOf(one)},${HERE}:${PEER_PORT}`]),
    );
  });

  test('all questions of one machine lost: the other one finds it', async () => {
    const [here, there] = [await startFetching(HERE, [one]), await startFetching(THERE, [one])];
    lan.loses = ({ from, to, bytes }) => from === HERE && to === THERE && !bytes.includes('ProbeMatches');
    expect(await meetAs(here, [one])).toEqual([]);
    expect(await meetAs(there, [one])).toEqual([`${HERE}:${PEER_PORT}`]);
  });

  test('a message that comes twice is answered once', async () => {
    const there = await startFetching(THERE, [one]);
    const bytes = encodeProbe({ version: 'crowd', messageId: 'urn:uuid:1', ids: [one.id], port: 80 });
    for (let copy = 0; copy < 2; copy += 1) lan.deliver({ from: HERE, to: THERE, bytes }, 'multicast');
    lan.clock.advance(65);
    expect(answersOf(THERE)).toHaveLength(1);
    expect(acquainted).toEqual([[THERE, nameOf(one), `${HERE}:80`]]);
    expect(ignored(there)).toMatchObject([{ reason: 'duplicate' }]);
  });

  test('an answer that comes twice is one neighbour, and one that comes late is none', async () => {
    await startFetching(THERE, [one]);
    const here = await startFetching(HERE, [one]);
    expect(await meetAs(here, [one])).toHaveLength(1);
    const [answer] = answersOf(THERE);
    lan.deliver(answer!, 'answer');
    expect(here.events.at(-1)).toEqual({
      _tag: 'DiscoveryResponseLate',
      peer: `${THERE}:${PEER_PORT}`,
      segments: [nameOf(one)],
    });
  });
});

describe('hostile neighbours', () => {
  const uuid = (): string => `urn:uuid:00000000-0000-4000-8000-${String((count += 1)).padStart(12, '0')}`;
  const question = (messageId = uuid()): Buffer =>
    encodeProbe({ version: 'crowd', messageId, ids: [one.id], port: 80 });
  const answerTo = (relatesTo: string, segment = one, host: string = LIAR): Buffer =>
    encodeProbeMatch({
      messageId: uuid(),
      relatesTo,
      endpoint: uuid(),
      instanceId: 1,
      messageNumber: 1,
      addresses: [{ host, port: 80 }],
      found: { version: 'crowd', segments: [{ id: Buffer.from(segment.id), scope: nameOf(segment) }] },
    });
  const idOf = (probe: Buffer): string => {
    const message = decodeDiscoveryMessage(probe);
    return message?._tag === 'Probe' ? message.messageId : '';
  };

  test('whoever is on another link gets no byte', async () => {
    const there = await startFetching(THERE, [one]);
    const bytes = Buffer.concat([question(), Buffer.alloc(5_000, ' ')]);
    for (const arrival of ['multicast', 'port', 'answer'] as const) {
      lan.deliver({ from: FAR, to: THERE, bytes }, arrival);
      lan.clock.advance(65);
    }
    expect(answersOf(THERE)).toEqual([]);
    expect(ignored(there)).toMatchObject([{ reason: 'off-link' }, { reason: 'off-link' }]);
    expect(acquainted).toEqual([]);
  });

  test('a source that could be forged gets no more than it sent', async () => {
    await startFetching(THERE, [one]);
    lan.deliver({ from: HERE, to: THERE, bytes: question() }, 'port');
    lan.clock.advance(65);
    expect(answersOf(THERE)).toEqual([]);
    const long = Buffer.concat([question(), Buffer.alloc(500, ' ')]);
    lan.deliver({ from: HERE, to: THERE, bytes: long }, 'port');
    lan.clock.advance(65);
    const [answer] = answersOf(THERE);
    expect(answer!.bytes.length).toBeLessThanOrEqual(long.length);
    expect(acquainted).toEqual([]);
  });

  test('twenty answers a second are enough for one', async () => {
    const there = await startFetching(THERE, [one]);
    for (let asked = 0; asked < 30; asked += 1) {
      lan.deliver({ from: LIAR, to: THERE, bytes: question() }, 'multicast');
    }
    lan.clock.advance(65);
    expect(answersOf(THERE)).toHaveLength(20);
    expect(ignored(there)).toHaveLength(10);
    expect(await meetAs(await startFetching(HERE, [one]), [one])).toEqual([`${THERE}:${PEER_PORT}`]);
  });

  test('nobody speaks for another one, of what was not asked, or to no question', async () => {
    const here = await startFetching(HERE, [one]);
    const met = meetAs(here, [one]);
    await settle();
    const id = idOf(probesOf(HERE)[0]!);
    for (const bytes of [
      answerTo(id, one, THERE),
      answerTo(id, one, FAR),
      answerTo(id, two),
      answerTo(uuid()),
      encodeProbeMatch({
        messageId: uuid(),
        relatesTo: id,
        endpoint: uuid(),
        instanceId: 1,
        messageNumber: 1,
        addresses: [{ host: LIAR, port: 80 }],
        found: { version: 1, segments: [{ id: Buffer.from(one.id), scope: nameOf(one), blocks: 3 }] },
      }),
    ]) {
      lan.deliver({ from: LIAR, to: HERE, bytes }, 'answer');
    }
    lan.deliver({ from: FAR, to: HERE, bytes: answerTo(id, one, FAR) }, 'answer');
    expect(await met).toEqual([]);
    expect(ignored(here).map((event) => 'reason' in event && event.reason)).toEqual([
      'off-link',
      'off-link',
      'not-asked',
      'not-asked',
      'not-asked',
      'off-link',
    ]);
  });

  test('an answer to who fetches is none to who has', async () => {
    const here = await startFetching(HERE, [one]);
    const finding = here.find([one], new AbortController().signal);
    await settle();
    const probe = lan.sent.find(({ from }) => from === HERE)!.bytes;
    lan.deliver({ from: LIAR, to: HERE, bytes: answerTo(idOf(probe)) }, 'answer');
    lan.clock.advance(300);
    expect(await finding).toEqual([]);
    expect(ignored(here)).toMatchObject([{ reason: 'not-asked' }]);
  });

  test('where ten have answered, a third of the machines does', async () => {
    const answers = async (fraction: number): Promise<boolean> => {
      lan = new Lan();
      const random = (length: number): Buffer => {
        const bytes = Buffer.alloc(length);
        bytes.writeUInt32BE(Math.floor(fraction * 2 ** 32));
        return bytes;
      };
      const asker = await startFetching('10.0.0.100', [one], { random });
      for (let host = 1; host <= 10; host += 1) await startFetching(`10.0.0.${host}`, [one]);
      await meetAs(asker, [one]);
      const met = await meetAs(await startFetching('10.0.0.200', [one]), [one]);
      expect(met.length).toBeGreaterThanOrEqual(10);
      return met.includes(`10.0.0.100:${PEER_PORT}`);
    };
    expect(await answers(0.32)).toBe(true);
    expect(await answers(0.34)).toBe(false);
  });
});
