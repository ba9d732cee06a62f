import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { distributionEvents, type effects } from 'peerweave';
import { parseContentInformation } from 'peerweave/engine';
import { describe, expect, it } from 'vitest';
import { encodeRequest } from '../../src/engine/distribution/wire/index.js';
import {
  decodeDiscoveryMessage,
  encodeProbeMatch,
  type Probe,
  type ProbeMatchFields,
} from '../../src/engine/distribution/discovery/wire/index.js';
import { listenBadly } from './support/bad-peers.js';
import { listenAndLie, send, sendBlock, type Lie } from './support/lying-peer.js';
import { BLOCK, contentOf, failureOf, inDirectory, openNode, publishOn, retrieveOn } from './support/node.js';

/** What a liar is known for once it was found out. */
interface Liar {
  readonly lie: Lie;
  readonly reason: effects.PeerReason;
  /** Blocks that it delivers before it lies. */
  readonly truths?: number;
  /** It never sends what could be checked, so that there is nothing to strike it out for. */
  readonly isHarmless?: true;
}

const CONTENTS = [1, 2, 3].map((seed) => contentOf(12 * BLOCK, seed));
const [CONTENT, ALONE, LATER] = CONTENTS as [Buffer, Buffer, Buffer];
const OTHER = contentOf(12 * BLOCK, 9);

/** Twelve blocks of one segment, or six segments of one block. */
const VERSIONS = [{ version: 1 }, { version: 2, segmentation: 'fixed' }] as const;

/** So that silent ones are given up sooner; what they do does not change. */
const TIMEOUT_MS = 300;
const LIMITS = { client: { requestTimeoutMs: TIMEOUT_MS } };

const dataLength = ({ block: { data } }: Parameters<Lie>[0]): number =>
  data.reduce((sum, { length }) => sum + length, 0);

const LIARS: Readonly<Record<string, Liar>> = {
  'sends random bytes in the place of a block': {
    lie: (question) => {
      sendBlock(question.socket, { ...question.block, data: [randomBytes(dataLength(question))] });
    },
    reason: 'wrong-bytes',
  },
  'sends random bytes in the place of a message': {
    lie: ({ socket, answer }) => send(socket, randomBytes(answer.length)),
    reason: 'malformed-answer',
  },
  'sends random bytes in the place of HTTP': {
    lie: ({ socket, answer }) => void socket.write(randomBytes(answer.length)),
    reason: 'malformed-answer',
  },
  'sends the right block of another segment': {
    lie: async ({ socket, request, ask }) => {
      send(socket, await ask(encodeRequest({ ...request, segmentId: otherSegment() })));
    },
    reason: 'malformed-answer',
  },
  'sends the right block of another segment under the name of this one': {
    lie: async ({ socket, request, block, ask }) => {
      const other = await ask(encodeRequest({ ...request, segmentId: otherSegment() }));
      const id = other.indexOf(otherSegment());
      Buffer.from(block.segmentId).copy(other, id);
      send(socket, other);
    },
    reason: 'wrong-bytes',
  },
  'cuts the message short': {
    lie: ({ socket, answer }) => send(socket, answer.subarray(0, answer.length - 1)),
    reason: 'malformed-answer',
  },
  'cuts the block short': {
    lie: ({ socket, block }) =>
      sendBlock(socket, { ...block, data: [Buffer.concat(block.data).subarray(0, 1_024)] }),
    reason: 'malformed-answer',
  },
  'cuts the connection short': {
    lie: ({ socket, answer }) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n`);
      socket.end(answer.subarray(0, answer.length - 1));
    },
    reason: 'unreachable',
  },
  'sends twice as much as a block': {
    lie: ({ socket, block }) => sendBlock(socket, { ...block, data: [...block.data, ...block.data] }),
    reason: 'malformed-answer',
  },
  'announces a gigabyte': {
    lie: ({ socket, answer }) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n');
      socket.write(answer);
    },
    reason: 'malformed-answer',
  },
  'claims all and has none': {
    lie: ({ socket, block }) => sendBlock(socket, { ...block, data: [], iv: Buffer.alloc(0) }),
    reason: 'lacks-block',
    isHarmless: true,
  },
  'sends one byte a second': {
    lie: ({ socket, answer }) => {
      let at = 0;
      const bytes = Buffer.concat([
        Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n`),
        answer,
      ]);
      const next = (): void => void socket.write(bytes.subarray(at, (at += 1)));
      next();
      const timer = setInterval(next, 1_000);
      socket.on('close', () => clearInterval(timer));
    },
    reason: 'no-answer-in-time',
  },
  'answers rightly, but too late': {
    lie: ({ socket, answer }) => {
      const timer = setTimeout(() => send(socket, answer), 2 * TIMEOUT_MS);
      socket.on('close', () => clearTimeout(timer));
    },
    reason: 'no-answer-in-time',
  },
  'replays the first answer that it gave': {
    lie: ({ socket, first }) => sendBlock(socket, first),
    reason: 'malformed-answer',
    truths: 1,
  },
  'replays the first answer under the name of what is asked for': {
    lie: ({ socket, block: { segmentId, blockIndex }, first }) =>
      sendBlock(socket, { ...first, segmentId, blockIndex }),
    reason: 'wrong-bytes',
    truths: 1,
  },
};

/** The segment of `OTHER`, which the honest peer serves as well. */
let otherId: Buffer = Buffer.alloc(32);
const otherSegment = (): Buffer => otherId;

describe.each(Object.entries(LIARS))(
  'a peer that %s',
  (_name, { lie, reason, truths = 0, isHarmless = false }) => {
    // Who told the truth at first is asked for eight at a time: so many may be under way, and are cut off, at a strike.
    const cutOff = truths === 0 ? 0 : 7;

    it.each(VERSIONS)(
      'costs at most a block for each strike, never a wrong byte, and is remembered: $version',
      (as) =>
        inDirectory(async (directory) => {
          await using honest = await openNode(join(directory, 'honest'));
          await using reader = await openNode(join(directory, 'reader'), { listen: false, limits: LIMITS });
          const informations: Uint8Array[] = [];
          for (const content of CONTENTS) informations.push(await publishOn(honest, content, as));
          const [information, alone, later] = informations as [Uint8Array, Uint8Array, Uint8Array];
          const { segments } = parseContentInformation(await publishOn(honest, OTHER, as));
          otherId = Buffer.from(segments[0]!.info.id);

          await using liar = await listenAndLie(honest.peer, lie);
          const told: effects.DistributionEvent[] = [];
          distributionEvents(reader.session).subscribe((event) => told.push(event));
          /** Events about the liar. */
          const count = (tag: effects.DistributionEvent['_tag']): number =>
            told.filter((event) => event._tag === tag && 'peer' in event && event.peer === liar.peer).length;
          const to = join(directory, 'copy');
          const expectCopyOf = async (content: Buffer): Promise<void> =>
            expect(content.equals(await readFile(to))).toBe(true);

          // Besides an honest one.
          await retrieveOn(reader, information, { peers: [liar.peer, honest.peer], to });
          await expectCopyOf(CONTENT);
          expect(liar.seen.blocks).toBeGreaterThan(0);
          // One more may be under way when all is here; an answer without a block costs none.
          const wasted = isHarmless ? 0 : liar.seen.blocks - count('BlockVerified');
          expect(wasted).toBeLessThanOrEqual(Math.max(1, count('PeerFailed')) + cutOff);
          const received = isHarmless ? 0 : count('BlockResponseReceived') - count('BlockVerified');
          expect(received).toBeLessThanOrEqual(Math.max(1, count('PeerFailed')));

          // Alone, as long as it is asked.
          const failure = await failureOf(retrieveOn(reader, alone, { peers: [liar.peer] }));
          expect(['NotFound', 'Timeout']).toContain(failure._tag);
          const done = await retrieveOn(reader, alone, { peers: [liar.peer, honest.peer], to });
          if (done._tag !== 'Retrieved') expect.fail('interrupted');
          await expectCopyOf(ALONE);
          const reasons = told.flatMap((event) =>
            event._tag === 'PeerFailed' && event.peer === liar.peer ? [event.reason] : [],
          );
          expect(count('BlockVerified')).toBe(truths);
          if (isHarmless) {
            expect(count('BlockRejected') + reasons.length).toBe(0);
            expect(done.explanation?.segments[0]?.reasons).toContainEqual({
              _tag: 'PeerFailed',
              peer: liar.peer,
              reason,
            });
            return;
          }
          expect(reasons).toEqual([reason, reason, reason]);
          expect(count('PeerStruckOut')).toBe(1);
          expect(count('BlockResponseReceived') - truths).toBeLessThanOrEqual(3);
          // The one of before may have been cut off.
          expect(liar.seen.blocks - truths).toBeLessThanOrEqual(3 + Math.max(1, cutOff));

          // It goes away and comes back, and the reader closes its session and opens another one.
          await liar.restart();
          await reader.session.close();
          const session = await reader.peers.promise(reader.peers.effects.openSession());
          const before = { ...liar.seen };
          await retrieveOn({ ...reader, session }, later, { peers: [liar.peer, honest.peer], to });
          await expectCopyOf(LATER);
          expect(liar.seen).toEqual(before);
          await session.close();
        }),
    );
  },
);

const LOOPBACK = '127.0.0.1';
const FORGER = '127.0.1.1';
const GROUP = '239.255.255.250';

describe('a neighbour that forges matches', () => {
  it.each(VERSIONS)(
    'is believed for itself only, as an answer only, and costs a block for each strike: $version',
    (as) =>
      inDirectory(async (directory) => {
        const ear = createSocket({ type: 'udp4', reuseAddr: true }).bind(0, GROUP);
        await once(ear, 'listening');
        ear.addMembership(GROUP, LOOPBACK);
        const discovery = { interfaces: [LOOPBACK], port: ear.address().port };
        const limits = { ...LIMITS, discovery: { answerTimeoutMs: 2_000, repeatAfterMs: 300 } };
        await using honest = await openNode(join(directory, 'honest'), {
          listen: { host: LOOPBACK, port: 0 },
          discovery,
          limits,
        });
        await using reader = await openNode(join(directory, 'reader'), { listen: false, discovery, limits });
        const [information, second] = [
          await publishOn(honest, CONTENT, as),
          await publishOn(honest, LATER, as),
        ];

        await using liar = await listenAndLie(
          honest.peer,
          ({ socket, answer }) => send(socket, randomBytes(answer.length)),
          FORGER,
        );
        let visits = 0;
        await using victim = await listenBadly((socket) => {
          visits += 1;
          socket.destroy();
        });
        /** Where somebody who is asked to by the forger would connect to. */
        const places = [LOOPBACK, '127.0.1.9'].map((host) => ({ host, port: portOf(victim.peer) }));
        const forger = createSocket('udp4').bind(0, FORGER);
        await once(forger, 'listening');
        const asked: string[] = [];
        ear.on('message', (bytes, from) => {
          const probe = decodeDiscoveryMessage(bytes);
          if (probe?._tag !== 'Probe') return;
          asked.push(probe.messageId);
          const forge = (
            relatesTo: string,
            address: { readonly host: string; readonly port: number },
          ): void =>
            forger.send(
              encodeProbeMatch({
                messageId: `urn:uuid:${crypto.randomUUID()}`,
                relatesTo,
                endpoint: 'urn:uuid:forger',
                instanceId: 1,
                messageNumber: 1,
                addresses: [address],
                found: claiming(probe),
              }),
              from.port,
              from.address,
            );
          for (const place of places) forge(probe.messageId, place);
          forge('urn:uuid:another-question', { host: FORGER, port: portOf(liar.peer) });
          // A replay of what answered the question before.
          forge(asked[0]!, { host: FORGER, port: portOf(liar.peer) });
        });
        const told: effects.DistributionEvent[] = [];
        distributionEvents(reader.session).subscribe((event) => told.push(event));
        try {
          const to = join(directory, 'copy');
          for (const [index, content] of [CONTENT, LATER].entries()) {
            const wanted = { to, timeoutMs: 20_000 };
            await retrieveOn(reader, index === 0 ? information : second, wanted);
            expect(content.equals(await readFile(to))).toBe(true);
          }
          const ignored = told.flatMap((event) =>
            event._tag === 'DiscoveryMessageIgnored' && event.peer === FORGER ? [event.reason] : [],
          );
          expect(new Set(ignored)).toEqual(new Set(['off-link', 'not-asked']));
          expect(visits).toBe(0);
          const strikes = told.filter((event) => event._tag === 'PeerFailed' && event.peer === liar.peer);
          expect(liar.seen.blocks).toBeGreaterThan(0);
          expect(liar.seen.blocks).toBeLessThanOrEqual(Math.min(3, strikes.length));
          const providers = told.flatMap((event) => (event._tag === 'BlockVerified' ? [event.peer] : []));
          expect(new Set(providers)).toEqual(new Set([honest.peer]));
        } finally {
          for (const socket of [ear, forger]) socket.close();
        }
      }),
  );
});

/** Everything that a Probe asks for. */
function claiming({ version, segments }: Probe): ProbeMatchFields['found'] {
  if (version === 2) return { version, segments: segments.map(() => 'all'), ages: [] };
  return { version, segments: segments.map((segment) => ({ ...segment, blocks: 6 })) };
}

function portOf(peer: string): number {
  return Number(peer.slice(peer.lastIndexOf(':') + 1));
}
