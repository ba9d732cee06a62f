import { randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/driver/index.js';
import {
  decodeAnswer,
  encodeQuestion,
  type ClaimAnswer,
} from '../../../src/engine/distribution/crowd/claim-message.js';
import { Departure, LONGEST_STAY_MS, QUIET_MS } from '../../../src/engine/distribution/crowd/departure.js';
import { CLAIM_PATH, CrowdService } from '../../../src/engine/distribution/crowd/index.js';
import { createRetrievalClient } from '../../../src/engine/distribution/retrieval/index.js';
import { HttpTransport } from '../../../src/engine/distribution/retrieval/http-transport.js';
import { parseContentInformation } from '../../../src/engine/distribution/wire/index.js';
import { segmentName } from '../../../src/engine/distribution/segment-name.js';
import { createVirtualClock } from '../../../src/testing/index.js';
import { ManualClock } from '../driver/manual-clock.js';
import { openContent, publish } from '../driver/rig.js';
import { startRig } from '../driver/started-rigs.js';

describe('who is about to go', () => {
  /** After how long it goes, if `happens` to it every 10 ms. */
  const stay = async (
    departure: Departure,
    clock: ReturnType<typeof createVirtualClock>,
    happens: () => void = () => undefined,
  ) => {
    const gone: true[] = [];
    void departure.settle().then(() => gone.push(true));
    for (let ms = 0; ; ms += 10) {
      await clock.advance(ms === 0 ? 0 : 10);
      if (gone.length > 0) return ms;
      happens();
    }
  };

  it('goes at once if nobody wanted anything, also while blocks are served to others', async () => {
    const clock = createVirtualClock();
    const departure = new Departure(clock);
    departure.served();
    expect(await stay(departure, clock, () => departure.served())).toBe(0);
  });

  it('stays for a moment if a neighbour wanted something just now, and not if that was before', async () => {
    const clock = createVirtualClock();
    const departure = new Departure(clock);
    departure.wished();
    await clock.advance(100);
    expect(await stay(departure, clock)).toBe(QUIET_MS - 100);
    departure.wished();
    await clock.advance(QUIET_MS);
    expect(await stay(departure, clock)).toBe(0);
  });

  it('stays as long as neighbours ask or fetch, and not for ever', async () => {
    for (const what of ['wished', 'served'] as const) {
      const clock = createVirtualClock();
      const departure = new Departure(clock);
      departure.wished();
      let left = 80;
      const some = (): void => {
        left -= 1;
        if (left >= 0) departure[what]();
      };
      expect(await stay(departure, clock, some)).toBeGreaterThanOrEqual(790 + QUIET_MS);
      departure.wished();
      expect(await stay(departure, clock, () => departure[what]())).toBe(LONGEST_STAY_MS);
    }
  });
});

describe('a machine whose last session ends', () => {
  const CONTENT = randomBytes(3 * 65_536);

  /** A machine that has got a content from the origin, on a clock that stands still. */
  const start = async () => {
    const publisher = await startRig({});
    const publishing = await publisher.distribution.startup();
    const information = await publish(publisher.distribution, publishing, 'a', CONTENT);
    const clock = new ManualClock();
    const rig = await startRig({
      clock,
      createCrowd: (source) =>
        new CrowdService({ source, clock, random: randomBytes, transport: new HttpTransport(CLAIM_PATH, 1) }),
    });
    const session = await rig.distribution.startup();
    const content = await openContent(rig.distribution, session, information);
    await rig.distribution.addData(session, content, 0, CONTENT);
    const [segment] = parseContentInformation(information).segments;
    return { ...rig, clock, session, segment: segment!.info, peer: rig.peer() };
  };

  const transport = new HttpTransport(CLAIM_PATH, 1);
  const ask = (peer: string, segment: string): Promise<ClaimAnswer | undefined> =>
    new Promise((resolve, reject) => {
      const runs = [{ segment, first: 0, count: 3 }];
      const token = '0123456789abcdef';
      transport.post(peer, encodeQuestion({ runs, token, port: 9, follows: true, holdMs: 0 }), {
        onAnswer: (body) => resolve(decodeAnswer(body)),
        onFailure: reject,
      });
    });

  it('serves what a neighbour was told is here, and then goes', async () => {
    const { distribution, clock, session, segment, peer } = await start();
    const client = createRetrievalClient({});
    onTestFinished(() => client.close());
    expect(await ask(peer, segmentName(segment))).toEqual({ _tag: 'Here', blocks: 3 });
    let isGone = false;
    const going = distribution.shutdown(session).then(() => (isGone = true));
    await new Promise((resolve) => systemClock.schedule(100, () => resolve(undefined)));
    const fetching = { segment, peers: [peer], wanted: 1, signal: new AbortController().signal };
    for (const block of [0, 1, 2]) {
      const { bytes } = await client.fetch({ ...fetching, block }).block;
      expect(bytes.equals(CONTENT.subarray(block * 65_536, (block + 1) * 65_536))).toBe(true);
    }
    expect(isGone).toBe(false);
    while (!isGone) {
      clock.advance(10);
      await new Promise(setImmediate);
    }
    await going;
    await expect(client.fetch({ ...fetching, block: 0 }).block).rejects.toThrow();
  });

  it('goes at once if no neighbour has asked', async () => {
    const { distribution, session } = await start();
    await distribution.shutdown(session);
  });
});
