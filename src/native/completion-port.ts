import type { Cancel, Clock } from '../driver/index.js';
import { u32In } from './frame.js';
import { OVERLAPPED_ENTRY } from './layouts.js';
import type { Native } from './native.js';

const INVALID_HANDLE_VALUE = 0xffff_ffff_ffff_ffffn;
const PACKETS = 16;

// A thread blocked on the port would be a second one beside the pump's, so the port is looked at instead.
const LOOK_EVERY_MS = 20;

/** What a started operation is to be given, and how to give it up. */
export interface ExpectedPacket {
  readonly port: bigint;
  readonly key: bigint;
  readonly forget: () => void;
}

/**
 * The I/O completion port of a driver. Packets are told apart by their completion key, which is never used twice: a
 * packet that comes late, after its operation was found complete in another way, then meets nobody. For their sake the
 * port lives as long as the driver.
 */
export class CompletionPort {
  readonly #native: Native;
  readonly #clock: Clock;
  readonly #waiting = new Map<bigint, () => void>();
  #port: bigint | undefined;
  #lastKey = 0n;
  #kept = false;
  #cancelTimer: Cancel | undefined;

  constructor(native: Native, clock: Clock) {
    this.#native = native;
    this.#clock = clock;
  }

  /** The port and a new key for one operation. `onPacket` is called once, when its packet has come. */
  expect(onPacket: () => void): ExpectedPacket {
    const port = (this.#port ??= this.#native.handle(
      'CreateIoCompletionPort',
      INVALID_HANDLE_VALUE,
      0n,
      0n,
      1,
    ));
    const key = ++this.#lastKey;
    this.#waiting.set(key, onPacket);
    this.#cancelTimer ??= this.#lookLater();
    return { port, key, forget: () => this.#forget(key) };
  }

  /** It is never closed: native code that has not answered may post to it at any time. */
  keep(): void {
    this.#kept = true;
  }

  close(): void {
    this.#waiting.clear();
    this.#stop();
    if (this.#port !== undefined && !this.#kept) this.#native.plain('CloseHandle', this.#port);
    this.#port = undefined;
  }

  #lookLater(): Cancel {
    return this.#clock.schedule(LOOK_EVERY_MS, () => {
      this.#look();
      this.#cancelTimer = this.#waiting.size === 0 ? undefined : this.#lookLater();
    });
  }

  #look(): void {
    let keys: readonly bigint[];
    do {
      keys = this.#port === undefined ? [] : packetsOf(this.#native, this.#port);
      for (const key of keys) {
        const onPacket = this.#waiting.get(key);
        this.#waiting.delete(key);
        onPacket?.();
      }
    } while (keys.length === PACKETS);
  }

  #forget(key: bigint): void {
    this.#waiting.delete(key);
    if (this.#waiting.size === 0) this.#stop();
  }

  #stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}

/** The keys of the packets that are there now. */
const packetsOf = (native: Native, port: bigint): readonly bigint[] =>
  native.frame((frame) => {
    const entries = frame.reserve(OVERLAPPED_ENTRY.size * PACKETS);
    const removed = frame.reserve(4);
    const any = native.plain(
      'GetQueuedCompletionStatusEx',
      port,
      entries.address,
      PACKETS,
      removed.address,
      0,
      0,
    );
    if (any === 0) return [];
    const keyAt = OVERLAPPED_ENTRY.fields.lpCompletionKey.offset;
    return Array.from({ length: u32In(removed) }, (_, index) =>
      entries.view.getBigUint64(index * OVERLAPPED_ENTRY.size + keyAt, true),
    );
  });
