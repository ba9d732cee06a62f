import { beforeEach, describe, expect, test } from 'vitest';
import { decodeDiscoveryMessage } from '../../../src/engine/distribution/discovery/wire/index.js';
import { holding, Lan, lookFor, PEER_PORT, segmentOf, settle, startMachine, tagsOf } from './lan.js';

const [HERE, THERE, OTHER] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
const one = segmentOf(1);
const two = segmentOf(2);
const small = segmentOf(3, 2);
const nameOf = ({ id }: { readonly id: Uint8Array }): string => Buffer.from(id).toString('hex');

let lan: Lan;
beforeEach(() => {
  lan = new Lan();
});

const decoded = () => lan.sent.map(({ bytes }) => decodeDiscoveryMessage(bytes));

describe('asking and answering', () => {
  test.each([1, 2] as const)('a version-%i segment is found where it is', async (version) => {
    const segment = segmentOf(7, version);
    await startMachine(lan, THERE, holding(segment));
    await startMachine(lan, OTHER, holding(two));
    const machine = await startMachine(lan, HERE);
    expect(await lookFor(lan, machine, [segment])).toEqual([`${THERE}:${PEER_PORT}`]);
    expect(machine.known(segment)).toEqual([`${THERE}:${PEER_PORT}`]);
    expect(machine.events).toEqual([
      { _tag: 'DiscoveryRequestSent', to: 'multicast', version, segments: [nameOf(segment)] },
      { _tag: 'DiscoveryMessageIgnored', peer: HERE, reason: 'own' },
      {
        _tag: 'DiscoveryResponseReceived',
        peer: `${THERE}:${PEER_PORT}`,
        version,
        segments: [nameOf(segment)],
      },
    ]);
  });

  test('the responder tells what it does', async () => {
    const there = await startMachine(lan, THERE, holding(one));
    const machine = await startMachine(lan, HERE);
    await lookFor(lan, machine, [one, two]);
    expect(there.events).toEqual([
      { _tag: 'DiscoveryRequestReceived', peer: HERE, version: 1, segments: [nameOf(one), nameOf(two)] },
      { _tag: 'DiscoveryResponseSent', peer: HERE, version: 1, segments: [nameOf(one)] },
    ]);
  });

  test('several segments of both versions go into one Probe of each', async () => {
    await startMachine(lan, THERE, holding(one, small));
    const machine = await startMachine(lan, HERE);
    await lookFor(lan, machine, [one, two, small]);
    const probes = machine.events.filter(({ _tag }) => _tag === 'DiscoveryRequestSent');
    expect(probes).toMatchObject([
      { version: 1, segments: [nameOf(one), nameOf(two)] },
      { version: 2, segments: [nameOf(small)] },
    ]);
    expect(machine.known(one)).toEqual([`${THERE}:${PEER_PORT}`]);
    expect(machine.known(small)).toEqual([`${THERE}:${PEER_PORT}`]);
    expect(machine.known(two)).toEqual([]);
  });

  test('a hundred version-2 segments make two Probes, ten of version 1 as well', async () => {
    const machine = await startMachine(lan, HERE);
    await lookFor(
      lan,
      machine,
      Array.from({ length: 100 }, (_, index) => segmentOf(index, 2)),
    );
    await lookFor(
      lan,
      machine,
      Array.from({ length: 10 }, (_, index) => segmentOf(index + 1_000)),
    );
    const sizes = machine.events.flatMap((event) =>
      event._tag === 'DiscoveryRequestSent' ? [event.segments.length] : [],
    );
    expect(sizes).toEqual([64, 36, 8, 2]);
    const lengths = lan.sent.map(({ bytes }) => bytes.length);
    expect(Math.max(...lengths)).toBeLessThan(3 * 1_452);
    expect(lengths.filter((length) => length > 1_452)).not.toContain(lengths.at(-1));
  });

  test('a peer with some of the blocks tells how many, in both versions', async () => {
    await startMachine(lan, THERE, holding([one, [0, 2]], [small, []], [two, []]));
    const machine = await startMachine(lan, HERE);
    await lookFor(lan, machine, [one, two, small]);
    const matches = decoded().filter((message) => message?._tag === 'ProbeMatch');
    expect(matches).toMatchObject([{ found: { version: 1, segments: [{ id: one.id, blocks: 2 }] } }]);
  });

  test('scopes are answered in the case they were asked in', async () => {
    await startMachine(lan, THERE, holding(segmentOf(0xabcdef)));
    const scope = nameOf(segmentOf(0xabcdef));
    lan.open(HERE, () => undefined);
    const probe = `<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:p="http://schemas.microsoft.com/p2p/2007/09/PeerDistributionDiscovery"><soap:Header><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action><a:MessageID>urn:uuid:1</a:MessageID></soap:Header><soap:Body><d:Probe><d:Types>p:PeerDistData</d:Types><d:Scopes>${scope}</d:Scopes></d:Probe></soap:Body></soap:Envelope>`;
    lan.deliver({ from: HERE, to: THERE, bytes: Buffer.from(probe) }, 'multicast');
    lan.clock.advance(65);
    expect(lan.sent.at(-1)?.bytes.toString()).toContain(`<wsd:Scopes>${scope}</wsd:Scopes>`);
  });

  test('a version-1 Probe finds a version-2 segment, as its one block', async () => {
    await startMachine(lan, THERE, holding(small));
    const machine = await startMachine(lan, HERE);
    const asVersion1 = { ...small, hash: 'sha256' as const };
    expect(await lookFor(lan, machine, [asVersion1])).toEqual([`${THERE}:${PEER_PORT}`]);
    expect(decoded().at(-1)).toMatchObject({ found: { version: 1, segments: [{ blocks: 1 }] } });
  });

  test('messages of one start have one sender and are counted', async () => {
    await startMachine(lan, THERE, holding(one, two));
    const machine = await startMachine(lan, HERE);
    await lookFor(lan, machine, [one]);
    await lookFor(lan, machine, [two]);
    const answers = lan.sent.filter(({ from }) => from === THERE).map(({ bytes }) => bytes.toString());
    const field = (pattern: RegExp) => answers.map((answer) => pattern.exec(answer)?.[1]);
    expect(field(/MessageNumber="(\d+)"/)).toEqual(['1', '2']);
    expect(new Set(field(/<wsa:Address>(.*?)</)).size).toBe(1);
    expect(new Set(field(/<wsa:MessageID>(urn:uuid:[-0-9a-f]{36})</)).size).toBe(2);
  });
});

describe('timers', () => {
  test('the answer comes after a random part of 65 ms, and not before', async () => {
    for (const [value, ms] of [
      [0, 1],
      [0.5, 33],
      [0.999_999, 65],
    ] as const) {
      const own = new Lan();
      const random = (length: number): Buffer => {
        const bytes = Buffer.alloc(length);
        bytes.writeUInt32BE(Math.floor(value * 2 ** 32));
        return bytes;
      };
      const there = await startMachine(own, THERE, holding(one), { random });
      const machine = await startMachine(own, HERE);
      void machine.find([one], AbortSignal.timeout(10_000));
      await settle();
      own.clock.advance(ms - 1);
      expect(tagsOf(there.events)).not.toContain('DiscoveryResponseSent');
      own.clock.advance(1);
      expect(tagsOf(there.events)).toContain('DiscoveryResponseSent');
    }
  });

  test('the first peer is told at once, others that answer in 300 ms are known afterwards', async () => {
    await startMachine(lan, THERE, holding(one));
    const machine = await startMachine(lan, HERE);
    const finding = machine.find([one], AbortSignal.timeout(10_000));
    await settle();
    lan.clock.advance(65);
    expect(await finding).toEqual([`${THERE}:${PEER_PORT}`]);
    const [answer] = lan.sent.filter(({ from }) => from === THERE);
    const another = answer!.bytes.toString().replace(THERE, OTHER);
    lan.clock.advance(200);
    lan.deliver({ from: OTHER, to: HERE, bytes: Buffer.from(another) }, 'answer');
    await settle();
    expect(machine.known(one)).toEqual([`${THERE}:${PEER_PORT}`, `${OTHER}:${PEER_PORT}`]);
  });

  test('after 300 ms it is too late', async () => {
    await startMachine(lan, THERE, holding(one));
    lan.loses = ({ from }) => from === THERE;
    const machine = await startMachine(lan, HERE);
    expect(await lookFor(lan, machine, [one])).toEqual([]);
    expect(machine.events.at(-1)).toEqual({
      _tag: 'DiscoveryTimedOut',
      segments: [nameOf(one)],
      waitedMs: 300,
    });
    lan.loses = () => false;
    const [answer] = lan.sent.filter(({ from }) => from === THERE);
    lan.deliver(answer!, 'answer');
    expect(machine.events.at(-1)).toEqual({
      _tag: 'DiscoveryResponseLate',
      peer: `${THERE}:${PEER_PORT}`,
      segments: [nameOf(one)],
    });
    expect(machine.known(one)).toEqual([]);
  });

  test('what is lost is sent again, Probe or answer', async () => {
    const there = await startMachine(lan, THERE, holding(one, two));
    const machine = await startMachine(lan, HERE);
    for (const [segment, loser] of [
      [one, HERE],
      [two, THERE],
    ] as const) {
      let lost = 0;
      lan.loses = ({ from, to }) => from === loser && to !== loser && (lost += 1) < 3;
      expect(await lookFor(lan, machine, [segment])).toEqual([`${THERE}:${PEER_PORT}`]);
      expect(lost).toBe(3);
    }
    const ids = decoded().map((message) => (message?._tag === 'Probe' ? message.messageId : ''));
    expect(new Set(ids).size).toBe(1 + 3 + 3);
    expect(there.events.filter(({ _tag }) => _tag === 'DiscoveryResponseSent')).toHaveLength(1 + 3);
  });

  test('who was answered does not ask again', async () => {
    await startMachine(lan, THERE, holding(one));
    const machine = await startMachine(lan, HERE);
    await lookFor(lan, machine, [one]);
    expect(lan.sent.filter(({ from, to }) => from === HERE && to === THERE)).toHaveLength(1);
  });

  test('a known peer is asked for no more than 15 s, and so long nobody is asked again in vain', async () => {
    await startMachine(lan, THERE, holding(one));
    const machine = await startMachine(lan, HERE);
    const probes = () => machine.events.filter(({ _tag }) => _tag === 'DiscoveryRequestSent').length;
    await lookFor(lan, machine, [one]);
    await lookFor(lan, machine, [two]);
    expect(probes()).toBe(2);
    lan.clock.advance(14_000);
    await lookFor(lan, machine, [one, two]);
    expect(probes()).toBe(2);
    lan.clock.advance(1_000);
    await lookFor(lan, machine, [one, two]);
    expect(probes()).toBe(3);
    expect(machine.known(one)).toEqual([`${THERE}:${PEER_PORT}`]);
  });

  test('nothing is left when it is closed', async () => {
    const there = await startMachine(lan, THERE, holding(one));
    const machine = await startMachine(lan, HERE);
    const finding = machine.find([one], AbortSignal.timeout(10_000));
    await settle();
    expect(lan.clock.pending).toBeGreaterThan(0);
    await machine.close();
    await there.close();
    expect(await finding).toEqual([]);
    expect(lan.clock.pending).toBe(0);
    expect(await machine.find([one], AbortSignal.timeout(10_000))).toEqual([]);
    expect(lan.clock.pending).toBe(0);
  });

  test('who no longer wants to wait does not have to', async () => {
    const machine = await startMachine(lan, HERE);
    const gone = new AbortController();
    const finding = machine.find([one], gone.signal);
    const patient = machine.find([one], AbortSignal.timeout(10_000));
    gone.abort(new Error('no longer'));
    await expect(finding).rejects.toThrow('no longer');
    await settle();
    lan.clock.advance(300);
    expect(await patient).toEqual([]);
    await expect(machine.find([one], gone.signal)).rejects.toThrow('no longer');
  });
});

describe('the rule against floods of answers', () => {
  const crowd = async (whole: number, partial: number, random?: number) => {
    const asker = await startMachine(lan, '10.0.0.100', holding(one), {
      ...(random !== undefined && {
        random: (length: number) => {
          const bytes = Buffer.alloc(length);
          bytes.writeUInt32BE(Math.floor(random * 2 ** 32));
          return bytes;
        },
      }),
    });
    for (let host = 1; host <= whole + partial; host += 1) {
      await startMachine(lan, `10.0.0.${host}`, holding(host <= whole ? one : [one, [0]]));
    }
    await lookFor(lan, asker, [one]);
    const latecomer = await startMachine(lan, '10.0.0.200');
    const finding = await lookFor(lan, latecomer, [one]);
    expect(finding).not.toEqual([]);
    const isAnswered = latecomer.known(one).includes(`10.0.0.100:${PEER_PORT}`);
    const ignored = { _tag: 'DiscoveryMessageIgnored', peer: '10.0.0.200', reason: 'others-suffice' };
    const told = asker.events.filter((event) => 'reason' in event && event.reason === ignored.reason);
    expect(told).toEqual(isAnswered ? [] : [ignored]);
    return isAnswered;
  };

  test('nine others: it answers', async () => {
    // Whatever the dice say.
    expect(await crowd(9, 0, 0.99)).toBe(true);
  });

  test('ten others that have it all: it does not', async () => {
    expect(await crowd(10, 0)).toBe(false);
  });

  test('ten others, of which one has a part only: it answers in a third of all cases', async () => {
    expect(await crowd(9, 1, 0.32)).toBe(true);
    lan = new Lan();
    expect(await crowd(9, 1, 0.34)).toBe(false);
  });

  test('after an hour the others may have gone', async () => {
    expect(await crowd(10, 0)).toBe(false);
    lan.clock.advance(3_600_000);
    const latecomer = await startMachine(lan, '10.0.0.201');
    await lookFor(lan, latecomer, [one]);
    expect(latecomer.known(one)).toContain(`10.0.0.100:${PEER_PORT}`);
  });
});
