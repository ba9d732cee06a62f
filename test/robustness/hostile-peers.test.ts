import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { firstValueFrom, skipWhile } from 'rxjs';
import { retrieve } from 'peerweave';
import { describe, expect, it } from 'vitest';
import { BAD_BEHAVIOUR, between, diesAfter, flipped, listenAll, listenBadly } from './support/bad-peers.js';
import { BLOCK, contentOf, failureOf, inDirectory, openNode, publishOn, retrieveOn } from './support/node.js';

const CONTENT = contentOf(12 * BLOCK + 1_234);
/** So that the slow ones are given up sooner; what they do does not change. */
const QUICK = { client: { requestTimeoutMs: 300 } };

/** A silent peer costs two seconds; the time for a piece has to allow for more than one. */
const PATIENT_MS = 15_000;

describe('content whose only peer', () => {
  it.each(Object.entries(BAD_BEHAVIOUR))(
    '%s is not found, and is once an honest one is there',
    (_name, behave) =>
      inDirectory(async (directory) => {
        await using publisher = await openNode(join(directory, 'publisher'));
        await using reader = await openNode(join(directory, 'reader'), { listen: false, limits: QUICK });
        await using bad = await listenBadly(behave);
        const information = await publishOn(publisher, CONTENT);
        const to = join(directory, 'copy');
        const failure = await failureOf(retrieveOn(reader, information, { peers: [bad.peer], to }));
        expect(['NotFound', 'Timeout']).toContain(failure._tag);
        await expect(access(to)).rejects.toThrow();

        await retrieveOn(reader, information, { peers: [bad.peer, publisher.peer], to });
        expect(CONTENT.equals(await readFile(to))).toBe(true);
      }),
  );

  it('flips bits never gives a wrong byte', () =>
    inDirectory(async (directory) => {
      await using publisher = await openNode(join(directory, 'publisher'));
      await using reader = await openNode(join(directory, 'reader'), { listen: false, limits: QUICK });
      await using bad = await listenBadly(between(publisher.peer, () => flipped));
      const information = await publishOn(publisher, CONTENT);
      const to = join(directory, 'copy');
      const failure = await failureOf(retrieveOn(reader, information, { peers: [bad.peer], to }));
      expect(failure._tag).toBe('NotFound');
      await retrieveOn(reader, information, { peers: [bad.peer, publisher.peer], to });
      expect(CONTENT.equals(await readFile(to))).toBe(true);
    }));

  it('dies again and again is used for what it delivers between', () =>
    inDirectory(async (directory) => {
      await using publisher = await openNode(join(directory, 'publisher'));
      await using reader = await openNode(join(directory, 'reader'), {
        listen: false,
        limits: { client: { requestTimeoutMs: 300, faultsPerPeer: 1_000 } },
      });
      const information = await publishOn(publisher, CONTENT);
      await using bad = await listenBadly(between(publisher.peer, () => diesAfter(3 * BLOCK)));
      const to = join(directory, 'copy');
      await retrieveOn(reader, information, { peers: [bad.peer], to });
      expect(CONTENT.equals(await readFile(to))).toBe(true);
    }));

  it('is the reader itself is not found', () =>
    inDirectory(async (directory) => {
      await using publisher = await openNode(join(directory, 'publisher'));
      await using reader = await openNode(join(directory, 'reader'));
      const information = await publishOn(publisher, CONTENT);
      const failure = await failureOf(retrieveOn(reader, information, { peers: [reader.peer] }));
      expect(failure._tag).toBe('NotFound');
    }));
});

it('one honest peer among fifteen of every bad kind is enough, in every order', () =>
  inDirectory(async (directory) => {
    await using publisher = await openNode(join(directory, 'publisher'));
    const information = await publishOn(publisher, CONTENT);
    await using bad = await listenAll([
      ...Object.values(BAD_BEHAVIOUR),
      between(publisher.peer, () => flipped),
      between(publisher.peer, () => diesAfter(BLOCK)),
    ]);
    const liars = bad.peers;
    for (const peers of [
      [...liars, publisher.peer],
      [publisher.peer, ...liars],
    ]) {
      await using reader = await openNode(join(directory, `reader-${peers.indexOf(publisher.peer)}`), {
        listen: false,
      });
      const to = join(directory, 'copy');
      await retrieveOn(reader, information, { peers, to, timeoutMs: PATIENT_MS });
      expect(CONTENT.equals(await readFile(to))).toBe(true);
    }
  }));

it('one honest peer among fifteen that never answer is enough', () =>
  inDirectory(async (directory) => {
    await using publisher = await openNode(join(directory, 'publisher'));
    const information = await publishOn(publisher, CONTENT);
    await using silent = await listenAll(Array.from({ length: 15 }, () => (socket) => void socket.resume()));
    await using reader = await openNode(join(directory, 'reader'), { listen: false });
    const to = join(directory, 'copy');
    await retrieveOn(reader, information, {
      peers: [...silent.peers, publisher.peer],
      to,
      timeoutMs: PATIENT_MS,
    });
    expect(CONTENT.equals(await readFile(to))).toBe(true);
  }));

it('what was verified before all peers went away stays, and the next attempt fetches only the rest', () =>
  inDirectory(async (directory) => {
    const content = contentOf(512 * BLOCK);
    await using reader = await openNode(join(directory, 'reader'), { listen: false, limits: QUICK });
    const to = join(directory, 'copy');
    const first = await openNode(join(directory, 'publisher'));
    const information = await publishOn(first, content);
    let left = false;
    const failure = await failureOf(
      firstValueFrom(
        retrieve(information, { session: reader.session, peers: [first.peer], to, pieceBytes: BLOCK }).pipe(
          skipWhile((event) => {
            if (event.bytes >= 4 * BLOCK && !left) {
              left = true;
              void first[Symbol.asyncDispose]();
            }
            return event._tag !== 'Retrieved';
          }),
        ),
      ),
    );
    expect(['NotFound', 'Timeout']).toContain(failure._tag);
    await expect(access(to)).rejects.toThrow();

    await using second = await openNode(join(directory, 'publisher'));
    expect(Buffer.from(await publishOn(second, content)).equals(information)).toBe(true);
    const done = await retrieveOn(reader, information, { peers: [second.peer], to });
    expect(content.equals(await readFile(to))).toBe(true);
    expect(done.fromCache).toBeGreaterThanOrEqual(4 * BLOCK);
    expect(done.fromCache + (done.fromPeers[second.peer] ?? 0)).toBeGreaterThanOrEqual(content.length);
  }));
