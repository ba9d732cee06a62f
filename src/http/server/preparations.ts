import { randomBytes } from 'node:crypto';
import { getContentInformation } from '../../effects/content-information.js';
import { promiseOf, toPeerError } from '../../effects/effect.js';
import { cancelled, PeerError } from '../../effects/error/index.js';
import { publishContent } from '../../effects/publish-content.js';
import { unpublish } from '../../effects/publication.js';
import { type DistributionSession, getDistributionStatusInfo, sessionCore } from '../../effects/session.js';
import type { ByteSpan } from './byte-range.js';
import type { OpenResource } from './resource.js';
import { Turns } from './turns.js';

/** One state of a resource that is published as one version, or about to be. */
interface Preparation {
  readonly key: string;
  readonly contentId: Uint8Array;
  readonly source: string | Uint8Array;
  readonly fingerprint: string;
  readonly stop: AbortController;
  /** Settles once it is ready or has failed. */
  readonly done: Promise<void>;
  state: 'under way' | 'ready' | { readonly failedAt: number };
}

type InformationVersion = 1 | 2;

export interface PreparationLimits {
  /** States of resources kept published; the least recently asked for is withdrawn first. */
  readonly publications: number;
  /** Resources hashed at a time. */
  readonly atOnce: number;
  /** Resources that may wait to be hashed because somebody asked for them. */
  readonly waiting: number;
  /** Milliseconds until something that could not be hashed is tried again. */
  readonly retryMs: number;
}

interface VersionRange {
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** The best first. */
const versionsIn = ({ minVersion, maxVersion }: VersionRange): readonly InformationVersion[] =>
  ([2, 1] as const).filter((version) => version >= minVersion && version <= maxVersion);

/** Publishes what is asked for, state by state and version by version, and hands out its content information. */
export class Preparations {
  readonly #session: DistributionSession;
  readonly #limits: PreparationLimits;
  readonly #onFault: (error: PeerError) => void;
  readonly #turns: Turns;
  /** The least recently asked for first. */
  readonly #preparations = new Map<string, Preparation>();
  /** The same by what they are of, to find earlier states of it. */
  readonly #bySource = new Map<string | Uint8Array, Set<Preparation>>();
  /** How many versions there are of each state. */
  readonly #states = new Map<string, number>();
  #isClosed = false;

  constructor(session: DistributionSession, limits: PreparationLimits, onFault: (error: PeerError) => void) {
    this.#session = session;
    this.#limits = limits;
    this.#onFault = onFault;
    this.#turns = new Turns(limits.atOnce);
  }

  /** The content information of a span in the highest wanted version that is ready. */
  async find(fingerprint: string, span: ByteSpan, wanted: VersionRange): Promise<Uint8Array | undefined> {
    for (const version of versionsIn(wanted)) {
      const preparation = this.#recall(keyOf(fingerprint, version));
      if (preparation?.state !== 'ready') continue;
      const query = {
        contentId: preparation.contentId,
        offset: span.start,
        length: span.length,
        minVersion: version,
        maxVersion: version,
      };
      const found = await getContentInformation(this.#session, query)(this.#env)();
      if (found._tag === 'Right') return found.right;
      // The store lost it, or the file changed behind its name.
      if (found.left._tag === 'NotFound') await this.#withdraw(preparation);
    }
    return undefined;
  }

  /** Whether {@link find} is likely to find something; it costs nothing. */
  has(fingerprint: string, wanted: VersionRange): boolean {
    return versionsIn(wanted).some(
      (version) => this.#preparations.get(keyOf(fingerprint, version))?.state === 'ready',
    );
  }

  /**
   * Begins to prepare a resource in the highest wanted version, unless too much waits already. Answers whether content
   * information is on its way. Never rejects.
   */
  async begin(resource: OpenResource, wanted: VersionRange): Promise<boolean> {
    const { fingerprint } = resource;
    const info = await getDistributionStatusInfo(this.#session)(this.#env)();
    if (fingerprint === undefined || info._tag === 'Left' || info.right.status !== 'available') return false;
    const version = versionsIn(wanted).find((one) => versionsIn(info.right).includes(one));
    if (version === undefined || this.#isClosed) return false;
    const state = this.#preparations.get(keyOf(fingerprint, version))?.state;
    if (state === 'under way') return true;
    if (this.#turns.waiting >= this.#limits.waiting || this.#failedLately(state)) return false;
    const { done, stop } = this.#prepare(resource, fingerprint, version);
    done.catch((error: unknown) => {
      if (!stop.signal.aborted) this.#onFault(toPeerError(error, OPERATION));
    });
    return true;
  }

  /** Prepares a resource in every version that the driver makes. */
  async prepare(resource: OpenResource, fingerprint: string): Promise<void> {
    const info = await promiseOf(getDistributionStatusInfo(this.#session)(this.#env));
    const versions = versionsIn(info);
    // Where there is none, publishing tells why.
    const prepared = (versions.length === 0 ? ([1] as const) : versions).map(
      (version) => this.#prepare(resource, fingerprint, version).done,
    );
    await Promise.all(prepared);
  }

  /** Stops what is under way and withdraws what is published. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#preparations.values()];
    for (const { stop } of all) stop.abort();
    // All at once would take memory for each of them, and be no faster.
    const left = all.values();
    const withdrawNext = async (): Promise<void> => {
      for (const preparation of left) await this.#withdraw(preparation);
    };
    await Promise.all(Array.from({ length: WITHDRAWN_AT_ONCE }, withdrawNext));
  }

  get #env() {
    return sessionCore(this.#session, OPERATION).env;
  }

  /** Looks a preparation up and makes it the most recently asked for. */
  #recall(key: string): Preparation | undefined {
    const found = this.#preparations.get(key);
    if (found === undefined) return undefined;
    this.#preparations.delete(key);
    this.#preparations.set(key, found);
    return found;
  }

  #failedLately(state: Preparation['state'] | undefined): boolean {
    return typeof state === 'object' && this.#env.clock.now() < state.failedAt + this.#limits.retryMs;
  }

  #prepare(resource: OpenResource, fingerprint: string, version: InformationVersion): Preparation {
    const key = keyOf(fingerprint, version);
    const known = this.#recall(key);
    if (known !== undefined && typeof known.state !== 'object') return known;
    if (this.#isClosed) throw cancelled(OPERATION);
    if (known !== undefined) this.#forget(known);
    const stop = new AbortController();
    const contentId = randomBytes(16);
    const work = (): Promise<void> => this.#publish(resource, contentId, version, stop.signal);
    const preparation: Preparation = {
      key,
      contentId,
      source: resource.source,
      fingerprint,
      stop,
      state: 'under way',
      done: this.#turns.run(work).then(
        () => void (preparation.state = 'ready'),
        (error: unknown) => {
          preparation.state = { failedAt: this.#env.clock.now() };
          throw error;
        },
      ),
    };
    this.#remember(preparation);
    this.#makeRoom(preparation);
    return preparation;
  }

  async #publish(
    resource: OpenResource,
    contentId: Uint8Array,
    version: InformationVersion,
    signal: AbortSignal,
  ): Promise<void> {
    for await (const progress of publishContent(
      resource.source,
      { session: this.#session, contentId, version },
      signal,
    )) {
      if (progress._tag === 'Published' && !(await resource.isCurrent())) {
        await this.#unpublish(contentId);
        throw changed();
      }
    }
  }

  /** An earlier state of the same file is of no use any more; beyond the limit the longest unused goes. */
  #makeRoom({ source, fingerprint }: Preparation): void {
    for (const other of this.#bySource.get(source) ?? []) {
      if (other.fingerprint !== fingerprint) void this.#withdraw(other);
    }
    for (const oldest of this.#preparations.values()) {
      if (this.#states.size <= this.#limits.publications) return;
      void this.#withdraw(oldest);
    }
  }

  #remember(preparation: Preparation): void {
    const { key, source, fingerprint } = preparation;
    this.#preparations.set(key, preparation);
    this.#bySource.set(source, (this.#bySource.get(source) ?? new Set()).add(preparation));
    this.#states.set(fingerprint, (this.#states.get(fingerprint) ?? 0) + 1);
  }

  #forget(preparation: Preparation): void {
    const { key, source, fingerprint } = preparation;
    // A later one may have its place.
    if (this.#preparations.get(key) !== preparation) return;
    this.#preparations.delete(key);
    const ofSource = this.#bySource.get(source);
    ofSource?.delete(preparation);
    if (ofSource?.size === 0) this.#bySource.delete(source);
    const left = (this.#states.get(fingerprint) ?? 1) - 1;
    if (left === 0) this.#states.delete(fingerprint);
    else this.#states.set(fingerprint, left);
  }

  async #withdraw(preparation: Preparation): Promise<void> {
    this.#forget(preparation);
    preparation.stop.abort();
    await preparation.done.catch(() => undefined);
    if (preparation.state === 'ready') await this.#unpublish(preparation.contentId);
  }

  /** What the session's end took already is gone. */
  async #unpublish(contentId: Uint8Array): Promise<void> {
    await unpublish(this.#session, contentId)(this.#env)();
  }
}

const OPERATION = 'prepare';

const WITHDRAWN_AT_ONCE = 8;

const keyOf = (fingerprint: string, version: InformationVersion): string => `${version}:${fingerprint}`;

const changed = (): PeerError =>
  new PeerError({
    tag: 'System',
    code: 'PEERWEAVE_SOURCE_CHANGED',
    operation: OPERATION,
    what: 'the content changed while it was hashed',
    advice: 'Nothing needs to be done; it is hashed again when it is asked for again.',
  });
