import { watch, type FSWatcher } from 'node:fs';
import type { Cancel, GroupHandle } from '../../driver/index.js';

interface Waiting {
  readonly onDeleted: () => void;
  /** What is watched for it; unknown at first. */
  watched?: Watched | undefined;
}

interface Watched {
  readonly directory: string;
  readonly handles: Set<GroupHandle>;
  watcher: FSWatcher | undefined;
}

/**
 * Who waits for the end of a group. The directory that it lies in is watched for what other processes delete, as long as
 * somebody waits. Where the system cannot watch it, only what this engine learns otherwise is told. It does not keep the
 * process alive.
 */
export class Deletions {
  readonly #waiting = new Map<GroupHandle, Waiting>();
  readonly #watched = new Map<string, Watched>();
  readonly #look: (handle: GroupHandle) => Promise<unknown>;

  /** @param look finds out whether the group of a handle is still there, and tells if it is not. */
  constructor(look: (handle: GroupHandle) => Promise<unknown>) {
    this.#look = look;
  }

  /** @param locate answers the directory that the group's own lies in. */
  wait(handle: GroupHandle, locate: () => Promise<string>, onDeleted: () => void): Cancel {
    const waiting: Waiting = { onDeleted };
    this.#waiting.set(handle, waiting);
    // Without it the end is told by the next call.
    void this.#watch(handle, waiting, locate).catch(() => undefined);
    return () => this.forget(handle);
  }

  /** Calls back whoever waits for this handle. */
  tell(handle: GroupHandle): void {
    const waiting = this.#waiting.get(handle);
    this.forget(handle);
    waiting?.onDeleted();
  }

  /** Nobody waits for this handle any more. */
  forget(handle: GroupHandle): void {
    const waiting = this.#waiting.get(handle);
    if (waiting === undefined) return;
    this.#waiting.delete(handle);
    const { watched } = waiting;
    if (watched === undefined) return;
    watched.handles.delete(handle);
    if (watched.handles.size > 0) return;
    watched.watcher?.close();
    this.#watched.delete(watched.directory);
  }

  clear(): void {
    for (const handle of [...this.#waiting.keys()]) this.forget(handle);
  }

  async #watch(handle: GroupHandle, waiting: Waiting, locate: () => Promise<string>): Promise<void> {
    const directory = await locate();
    if (this.#waiting.get(handle) !== waiting) return;
    waiting.watched = this.#watched.get(directory) ?? this.#startWatching(directory);
    waiting.watched.handles.add(handle);
    // It may have been deleted before it was watched.
    await this.#look(handle);
  }

  #startWatching(directory: string): Watched {
    const watched: Watched = { directory, handles: new Set(), watcher: undefined };
    watched.watcher = startWatching(
      directory,
      coalesced(() => Promise.allSettled([...watched.handles].map(this.#look))),
    );
    this.#watched.set(directory, watched);
    return watched;
  }
}

/** One look at a time, and one more if something has happened meanwhile. */
const coalesced = (look: () => Promise<unknown>): (() => void) => {
  let looking = false;
  let again = false;
  return () => {
    again = true;
    if (looking) return;
    looking = true;
    void (async () => {
      while (again) {
        again = false;
        await look();
      }
      looking = false;
    })();
  };
};

const startWatching = (directory: string, onChange: () => void): FSWatcher | undefined => {
  try {
    const watcher = watch(directory, { persistent: false }, onChange);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    // Out of watches, or a file system without them.
    return undefined;
  }
};
