import type { Cancel } from '../driver/index.js';
import { u32In } from './frame.js';
import { OVERLAPPED_ENTRY } from './layouts.js';
import type { Native } from './native.js';
import type { Runtime } from './runtime.js';

const INVALID_HANDLE_VALUE = 0xffff_ffff_ffff_ffffn;
const PACKETS = 16;

// A thread blocked on the port would be a second one beside the pump's, so the port is looked at instead.
const LOOK_EVERY_MS = 20;

/**
 * An I/O completion port. Packets are told apart by their completion key, which is never used twice: a packet that
 * comes late, after its operation was found complete in another way, then meets nobody.
 */
export class CompletionPort {
  readonly #runtime: Runtime;
  readonly #waiting = new Map<bigint, () => void>();
  #port: bigint | undefined;
  #lastKey = 0n;
  #cancelTimer: Cancel | undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The port and a new key for one operation. `onPacket` is called once, when its packet has come. */
  expect(onPacket: () => void): { readonly port: bigint; readonly key: bigint; readonly forget: () => void } {
    const { native } = this.#runtime;
    const port = (this.#port ??= native.handle('CreateIoCompletionPort', INVALID_HANDLE_VALUE, 0n, 0n, 1));
    const key = ++this.#lastKey;
    this.#waiting.set(key, onPacket);
    this.#cancelTimer ??= this.#lookLater();
    return { port, key, forget: () => this.#forget(key) };
  }

  close(): void {
    this.#waiting.clear();
    this.#stop();
    if (this.#port !== undefined) this.#runtime.native.plain('CloseHandle', this.#port);
    this.#port = undefined;
  }

  #lookLater(): Cancel {
    return this.#runtime.clock.schedule(LOOK_EVERY_MS, () => {
      this.#look();
      this.#cancelTimer = this.#waiting.size === 0 ? undefined : this.#lookLater();
    });
  }

  #look(): void {
    if (this.#port === undefined) return;
    for (const key of packetsOf(this.#runtime.native, this.#port)) {
      const onPacket = this.#waiting.get(key);
      this.#waiting.delete(key);
      onPacket?.();
    }
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
