import type { ContentExplanation, SegmentReason } from '../../driver/index.js';
import { contentHandle, explainContent } from '../../effects/content.js';
import { promiseOf } from '../../effects/effect.js';
import type { PeerEnv } from '../../effects/env.js';
import { cancelled, PeerError } from '../../effects/error/index.js';
import type { ContentPiece } from '../../effects/read-content.js';
import {
  type DistributionSession,
  getDistributionStatusInfo,
  observeDistribution,
  reportDistribution,
  sessionCore,
} from '../../effects/session.js';
import { TransferCounter } from '../../effects/transfer-counter.js';
import { askForContent } from './ask-for-content.js';
import { type Asked, askOtherwise } from './ask-otherwise.js';
import { failureIn } from './content-changed.js';
import type { Interpretation } from './content-state.js';
import type { GetProgress } from './get-progress.js';
import { mergedExplanation } from './merged-explanation.js';
import { openInformation } from './open-information.js';
import { checkedOptions, type GetOptions } from './options.js';
import { Origin, originOf } from './origin.js';
import { OPERATION } from './origin-failure.js';
import { PartialFile } from './partial-file.js';
import { type ContentPlace, stepsOf } from './places.js';
import { plainBody } from './plain-body.js';
import { plainReason } from './plain-reason.js';
import { readableVersion } from './readable-version.js';
import { readDescribed } from './read-described.js';
import { shareFile } from './share-file.js';
import type { SuppliedContent } from './supplied-content.js';
import { asyncDispose } from '../../driver/dispose-symbols.js';

/** Fetches what a URL names, step by step. Ended early, what a file has is kept and gone on with the next time. */
export async function* getContent(
  url: string | URL,
  options: GetOptions,
  signal: AbortSignal,
): AsyncGenerator<GetProgress, void> {
  const { stallMs, places, patienceMs } = checkedOptions(options, OPERATION);
  const { session, to, headers = {}, fetch = globalThis.fetch } = options;
  const { env } = sessionCore(session, OPERATION);
  const origin = new Origin({ ...originOf(url, headers), fetch, stallMs, clock: env.clock });
  await using file = to === undefined ? undefined : await PartialFile.open(to, origin.url, signal);
  const transfer = { origin, file, options, places, patienceMs, env, signal };
  let asked: Asked = {
    ranges: true,
    hasBroken: false,
    noInformation: places.includes('cache') ? undefined : ORIGIN_ONLY,
    refusal: undefined,
  };
  for (let restarts = 0; ; restarts += 1) {
    let isBegun = false;
    try {
      for await (const progress of attempt(transfer, asked)) {
        isBegun ||= progress._tag === 'Received';
        yield progress;
      }
      return;
    } catch (thrown) {
      const mayAskOrigin = places.includes('origin');
      const isCancelled = signal.aborted;
      const next = askOtherwise(asked, thrown, { restarts, isBegun, mayAskOrigin, isCancelled });
      asked = next.asked;
      const { message: reason } = next.because;
      const failure = failureIn(next.because);
      yield { _tag: 'Restarted', reason, failure, total: undefined, counts: new TransferCounter().counts() };
    }
  }
}

interface Transfer {
  readonly origin: Origin;
  readonly file: PartialFile | undefined;
  readonly options: GetOptions;
  readonly places: readonly ContentPlace[];
  readonly patienceMs: number;
  readonly env: PeerEnv;
  readonly signal: AbortSignal;
}

async function* attempt(transfer: Transfer, asked: Asked): AsyncGenerator<GetProgress, void> {
  const { origin, file, options, places, env, signal } = transfer;
  const { session, to } = options;
  const startedAt = env.clock.now();
  const counter = new TransferCounter();
  const stopObserving = observeDistribution(session, (event) => counter.observe(event));
  try {
    const version = asked.noInformation === undefined ? await readableVersion(session, env) : undefined;
    const offer = await askForContent(origin, asked.ranges ? file?.begun : undefined, version, signal);
    const { answer, found } = offer;
    await using _answer = { [asyncDispose]: () => answer.cancel() };
    await using content =
      found.brings === 'information'
        ? await openInformation(answer.pieces(), found, { ...options, name: origin.url, file: to }, signal)
        : undefined;
    if (content !== undefined) content.onOpened((one) => counter.count(contentHandle(one, OPERATION)));
    else if (!places.includes('origin')) {
      throw version === undefined ? await serviceOff(session, env) : noInformation(origin.url);
    }

    await file?.begin(found.start, found);
    const progress = () => ({ counts: counter.counts(), total: found.length });
    const basis = found.brings === 'information' ? 'content-information' : found.brings;
    const type = answer.headers.get('content-type') ?? undefined;
    yield { _tag: 'Started', basis, offset: found.start, type, ...progress() };
    const pieces =
      content === undefined ? plainBody(origin, offer, env, signal) : describedBody(transfer, found, content);
    for await (const piece of pieces) {
      await file?.write(piece.bytes);
      counter.take(piece);
      yield { _tag: 'Received', offset: piece.offset, bytes: piece.bytes, ...progress() };
    }
    if (signal.aborted) throw cancelled(OPERATION);
    await file?.finish();
    if (content === undefined) {
      const { bytes } = counter.counts();
      reportDistribution(session, {
        _tag: 'OriginUsed',
        name: origin.url,
        file: to,
        startedAt,
        bytes,
        reason: asked.noInformation ?? (version === undefined ? SERVICE_OFF : plainReason(bytes, found)),
      });
      if (to !== undefined && version !== undefined && found.willHaveInformation) {
        await shareFile(to, origin, found, version, options, signal).catch(() => undefined);
      }
    }
    yield { _tag: 'Completed', to, explanation: await explanationOf(content, env), ...progress() };
  } finally {
    stopObserving();
  }
}

const describedBody = (
  { origin, places, patienceMs, env, signal }: Transfer,
  found: Interpretation,
  content: SuppliedContent,
): AsyncGenerator<ContentPiece, void> => {
  const { start, length: end = start } = found;
  const steps = stepsOf(places);
  return readDescribed({ content, origin, state: found, start, end, steps, patienceMs, env }, signal);
};

const explanationOf = async (
  content: SuppliedContent | undefined,
  env: PeerEnv,
): Promise<ContentExplanation | undefined> => {
  const parts = await Promise.all((content?.opened ?? []).map((one) => explainContent(one)(env)()));
  const explained = parts.flatMap((part) => (part._tag === 'Right' ? [part.right] : []));
  return explained.length === parts.length ? mergedExplanation(explained) : undefined;
};

const ORIGIN_ONLY: SegmentReason = { _tag: 'DisabledByPolicy', detail: 'only the origin was to be asked' };
const SERVICE_OFF: SegmentReason = { _tag: 'DisabledByPolicy', detail: 'the service was not available' };

/** The service would have to be asked, and cannot be. */
const serviceOff = async (session: DistributionSession, env: PeerEnv): Promise<PeerError> => {
  const { status, reason } = await promiseOf(getDistributionStatusInfo(session)(env));
  const isOff = status === 'disabled';
  return new PeerError({
    tag: isOff ? 'Disabled' : 'Unavailable',
    code: isOff ? 'PEERWEAVE_SERVICE_DISABLED' : 'PEERWEAVE_SERVICE_UNAVAILABLE',
    operation: OPERATION,
    what: `nobody but the origin can be asked: ${reason ?? `the service is ${status}`}`,
    advice: "Switch it on, or name 'origin' among the places.",
  });
};

const noInformation = (url: string): PeerError =>
  new PeerError({
    tag: 'NotFound',
    code: 'PEERWEAVE_NO_CONTENT_INFORMATION',
    operation: OPERATION,
    what: `the origin gives no content information of ${url}, so that nobody else can be asked for it`,
    advice: "Name 'origin' among the places.",
  });
