import { beforeEach, describe, expect, test } from 'vitest';
import {
  encodeProbe,
  encodeProbeMatch,
  type ProbeMatchFields,
} from '../../../src/engine/distribution/discovery/wire/index.js';
import { holding, Lan, lookFor, PEER_PORT, segmentOf, settle, startMachine } from './lan.js';

const [HERE, THERE, LIAR, FAR] = ['10.0.0.1', '10.0.0.2', '10.0.0.66', '10.9.9.9'];
const one = segmentOf(1);
const two = segmentOf(2);
let lan: Lan;
let count = 0;
beforeEach(() => {
  lan = new Lan();
});

const uuid = (): string => `urn:uuid:00000000-0000-4000-8000-${String((count += 1)).padStart(12, '0')}`;
const probeFor = (ids: readonly Uint8Array[], messageId = uuid(), version: 1 | 2 = 1): Buffer =>
  encodeProbe({ version, messageId, ids });
const reasons = (machine: { readonly events: readonly { readonly _tag: string }[] }) =>
  machine.events.filter(({ _tag }) => _tag === 'DiscoveryMessageIgnored');

/** All that the machine with this address has sent. */
const answersOf = (address: string) => lan.sent.filter(({ from }) => from === address);

describe('sources of Probes', () => {
  test('whoever is on another link gets no byte, at whatever address he asks', async () => {
    const there = await startMachine(lan, THERE, holding(one));
    const bytes = Buffer.concat([probeFor([one.id]), Buffer.alloc(5_000, ' ')]);
    for (const arrival of ['multicast', 'port', 'answer'] as const) {
      lan.deliver({ from: FAR, to: THERE, bytes }, arrival);
      lan.clock.advance(65);
    }
    expect(answersOf(THERE)).toEqual([]);
    expect(reasons(there)).toEqual([
      { _tag: 'DiscoveryMessageIgnored', peer: FAR, reason: 'off-link' },
      { _tag: 'DiscoveryMessageIgnored', peer: FAR, reason: 'off-link' },
    ]);
  });

  test('a source that could be forged gets no more than it sent', async () => {
    const there = await startMachine(lan, THERE, holding(one));
    const short = probeFor([one.id]);
    lan.deliver({ from: HERE, to: THERE, bytes: short }, 'port');
    lan.clock.advance(65);
    expect(answersOf(THERE)).toEqual([]);
    expect(reasons(there)).toMatchObject([{ peer: HERE, reason: 'off-link' }]);

    const long = Buffer.concat([probeFor([one.id]), Buffer.alloc(1_000, ' ')]);
    lan.deliver({ from: HERE, to: THERE, bytes: long }, 'port');
    lan.clock.advance(65);
    const [answer] = answersOf(THERE);
    expect(answer!.bytes.length).toBeLessThanOrEqual(long.length);
  });

  test('answers to other links, where they are wanted, are never longer than the Probe', async () => {
    const held = Array.from({ length: 200 }, (_, index) => segmentOf(index));
    await startMachine(lan, THERE, holding(...held), { answersAnywhere: true });
    for (let size = 1; size <= 200; size += 1) {
      const probe = probeFor(held.slice(0, size).map(({ id }) => id));
      lan.deliver({ from: FAR, to: THERE, bytes: probe }, 'port');
      const padded = Buffer.concat([
        probeFor(held.slice(0, size).map(({ id }) => id)),
        Buffer.alloc(9 * size, ' '),
      ]);
      lan.deliver({ from: FAR, to: THERE, bytes: padded }, 'port');
      lan.clock.advance(1_000);
      const answers = answersOf(THERE).slice(-2);
      for (const answer of answers) expect(answer.bytes.length).toBeLessThanOrEqual(padded.length);
    }
    expect(answersOf(THERE).length).toBeGreaterThan(100);
  });

  test('a neighbour gets one packet, or as much as it sent', async () => {
    const held = Array.from({ length: 255 }, (_, index) => segmentOf(index));
    await startMachine(lan, THERE, holding(...held));
    for (const size of [1, 5, 10, 100, 255]) {
      const bytes = probeFor(held.slice(0, size).map(({ id }) => id));
      lan.deliver({ from: HERE, to: THERE, bytes }, 'multicast');
      lan.clock.advance(65);
      expect(answersOf(THERE).at(-1)!.bytes.length).toBeLessThanOrEqual(Math.max(bytes.length, 1_452));
    }
    expect(answersOf(THERE)).toHaveLength(5);
  });

  test('one source gets 20 answers a second, others are not in its way', async () => {
    const there = await startMachine(lan, THERE, holding(one));
    for (let repeat = 0; repeat < 60; repeat += 1) {
      lan.deliver({ from: LIAR, to: THERE, bytes: probeFor([one.id]) }, 'multicast');
    }
    lan.deliver({ from: HERE, to: THERE, bytes: probeFor([one.id]) }, 'multicast');
    lan.clock.advance(65);
    expect(answersOf(THERE).filter(({ to }) => to === LIAR)).toHaveLength(20);
    expect(answersOf(THERE).filter(({ to }) => to === HERE)).toHaveLength(1);
    expect(reasons(there)).toContainEqual({
      _tag: 'DiscoveryMessageIgnored',
      peer: LIAR,
      reason: 'rate-limit',
    });
    lan.clock.advance(1_000);
    lan.deliver({ from: LIAR, to: THERE, bytes: probeFor([one.id]) }, 'multicast');
    lan.clock.advance(65);
    expect(answersOf(THERE).filter(({ to }) => to === LIAR)).toHaveLength(21);
  });

  test('10 000 Probes from made-up neighbours are read for 256 KiB a second, and get few events', async () => {
    const there = await startMachine(lan, THERE, holding(one));
    const readable = Math.floor(262_144 / probeFor([one.id]).length);
    for (let host = 1_000; host < 11_000; host += 1) {
      lan.deliver({ from: `10.0.0.${host}`, to: THERE, bytes: probeFor([one.id]) }, 'multicast');
    }
    lan.clock.advance(65);
    expect(answersOf(THERE)).toHaveLength(readable);
    expect(reasons(there)).toHaveLength(100);
    expect(reasons(there)).toContainEqual(expect.objectContaining({ reason: 'flood' }));
  });

  test('long messages are read as rarely as they are long', async () => {
    const there = await startMachine(lan, THERE, holding(one));
    const long = Buffer.from(probeFor([one.id]).toString().padEnd(32_000));
    for (let repeat = 0; repeat < 10; repeat += 1) {
      const bytes = Buffer.from(long.toString().replace(/urn:uuid:[-0-9]+/, uuid()));
      lan.deliver({ from: LIAR, to: THERE, bytes }, 'multicast');
    }
    const received = there.events.filter(({ _tag }) => _tag === 'DiscoveryRequestReceived');
    expect(received).toHaveLength(4);
    expect(reasons(there)).toContainEqual(expect.objectContaining({ reason: 'rate-limit' }));
  });

  test('the same MessageID is answered once, whoever sends it', async () => {
    const there = await startMachine(lan, THERE, holding(one));
    const bytes = probeFor([one.id]);
    for (const from of [HERE, HERE, LIAR, HERE]) lan.deliver({ from, to: THERE, bytes }, 'multicast');
    lan.clock.advance(65);
    expect(answersOf(THERE).map(({ to }) => to)).toEqual([HERE]);
    expect(reasons(there).map((event) => 'reason' in event && event.reason)).toEqual(
      Array(3).fill('duplicate'),
    );
  });

  test('what is no good Probe is dropped, with the reason', async () => {
    const there = await startMachine(lan, THERE, holding(one));
    const good = probeFor([one.id]).toString();
    for (const bad of [
      good.replace('</soap:Envelope>', ''),
      good.replace(/<wsd:Scopes .*<\/wsd:Scopes>/, '<wsd:Scopes/>'),
      good.replace('PeerDist:PeerDistData<', 'PeerDist:PeerDistDataV3<'),
      good + ' '.repeat(40_000),
    ]) {
      lan.deliver({ from: HERE, to: THERE, bytes: Buffer.from(bad) }, 'multicast');
    }
    lan.deliver({ from: HERE, to: THERE, bytes: probeFor([two.id]) }, 'multicast');
    lan.clock.advance(65);
    expect(answersOf(THERE)).toEqual([]);
    expect(reasons(there).map((event) => 'reason' in event && event.reason)).toEqual([
      'malformed',
      'malformed',
      'unknown-version',
      'too-large',
      'nothing-here',
    ]);
  });

  test('messages of other services are not even worth an event', async () => {
    const there = await startMachine(lan, THERE, holding(one));
    lan.deliver({ from: FAR, to: THERE, bytes: Buffer.from('<Hello/>') }, 'multicast');
    expect(there.events).toEqual([]);
  });

  test('no address of the source’s link is served: no answer', async () => {
    const serving = { source: holding(one), endpoint: { host: '10.0.0.77', port: PEER_PORT } };
    await startMachine(lan, THERE, undefined, { serving });
    lan.deliver({ from: HERE, to: THERE, bytes: probeFor([one.id]) }, 'multicast');
    lan.clock.advance(65);
    expect(answersOf(THERE)).toEqual([]);
  });
});

describe('sources of answers', () => {
  /** The last Probe that `machine` has sent. */
  const lastProbe = () => /<wsa:MessageID>(.*?)</.exec(lan.sent.at(-1)!.bytes.toString())?.[1] ?? '';

  const whole = { id: one.id as Buffer, scope: Buffer.from(one.id).toString('hex'), blocks: 3 };

  const ask = async () => {
    const machine = await startMachine(lan, HERE);
    const finding = machine.find([one], AbortSignal.timeout(10_000));
    await settle();
    const answer: ProbeMatchFields = {
      messageId: uuid(),
      relatesTo: lastProbe(),
      endpoint: uuid(),
      instanceId: 1,
      messageNumber: 1,
      addresses: [{ host: LIAR, port: 80 }],
      found: { version: 1, segments: [whole] },
    };
    return {
      machine,
      hear: (from: string, changed: Partial<ProbeMatchFields> = {}) =>
        lan.deliver({ from, to: HERE, bytes: encodeProbeMatch({ ...answer, ...changed }) }, 'answer'),
      end: async () => {
        lan.clock.advance(300);
        await settle();
        return finding;
      },
    };
  };

  test('an answer counts that speaks for its sender', async () => {
    const { hear, end } = await ask();
    hear(LIAR);
    expect(await end()).toEqual([`${LIAR}:80`]);
  });

  test.each<readonly [string, string, Partial<ProbeMatchFields>, 'off-link' | 'not-asked']>([
    ['from another link', FAR, { addresses: [{ host: FAR, port: 80 }] }, 'off-link'],
    ['about somebody on another link', LIAR, { addresses: [{ host: FAR, port: 80 }] }, 'off-link'],
    ['about another neighbour', LIAR, { addresses: [{ host: THERE, port: 80 }] }, 'off-link'],
    ['to no question', LIAR, { relatesTo: 'urn:uuid:nobody' }, 'not-asked'],
    [
      'about another segment',
      LIAR,
      { found: { version: 1, segments: [{ ...whole, scope: whole.scope.replace('0', '1') }] } },
      'not-asked',
    ],
    ['in another version', LIAR, { found: { version: 2, segments: ['all'], ages: [] } }, 'not-asked'],
    [
      'of somebody who has no block',
      LIAR,
      { found: { version: 1, segments: [{ ...whole, blocks: 0 }] } },
      'not-asked',
    ],
  ])('an answer %s does not', async (_, from, changed, reason) => {
    const { machine, hear, end } = await ask();
    hear(from, changed);
    expect(await end()).toEqual([]);
    expect(reasons(machine)).toContainEqual({ _tag: 'DiscoveryMessageIgnored', peer: from, reason });
  });

  test('a neighbour who answers a thousand times is one peer', async () => {
    const { machine, hear, end } = await ask();
    for (let repeat = 0; repeat < 1_000; repeat += 1) hear(LIAR, { messageId: uuid() });
    expect(await end()).toEqual([`${LIAR}:80`]);
    expect(reasons(machine)).toContainEqual(expect.objectContaining({ reason: 'rate-limit' }));
  });

  test('64 peers of one segment are remembered', async () => {
    const { hear, end } = await ask();
    for (let host = 2; host < 200; host += 1) {
      hear(`10.0.0.${host}`, { addresses: [{ host: `10.0.0.${host}`, port: 80 }] });
    }
    expect(await end()).toHaveLength(64);
  });

  test('a neighbour who claims everything does not keep honest ones away', async () => {
    await startMachine(lan, THERE, holding(one));
    const { hear, machine, end } = await ask();
    hear(LIAR);
    await end();
    expect(machine.known(one)).toEqual([`${LIAR}:80`, `${THERE}:${PEER_PORT}`]);
    expect(await lookFor(lan, machine, [two])).toEqual([]);
  });
});
