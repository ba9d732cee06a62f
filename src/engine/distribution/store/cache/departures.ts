import type { EvictionReason } from '../../../../driver/index.js';
import type { Disk } from '../disk/disk.js';
import type { Layout } from '../layout.js';

/** Of each of the two files; together they have some thousands of segments. */
export const MOST_BYTES = 256 * 1024;
/** What other processes have noted is seen after so long. */
const LOOK_MS = 1_000;
/** Of an id in hex: enough to tell segments apart, and of no use to ask anybody for one. */
const NAME_LENGTH = 32;

const LETTERS: Readonly<Record<EvictionReason, string>> = {
  quota: 'q',
  age: 'a',
  cleared: 'c',
  damaged: 'd',
};
const LINE = /^([0-9a-f]{32}) ([qacd])$/;
const REASONS = new Map(
  Object.entries(LETTERS).map(([reason, letter]) => [letter, reason as EvictionReason]),
);

const nameOf = (id: string): string => id.slice(0, NAME_LENGTH);

/**
 * Which segments left the cache lately, and why, for whoever fetches them again and is asked for the reason. All
 * processes with the directory add lines to one file; when that is full it takes the place of the one before. Nothing
 * depends on it: what cannot be written or read is as if it had not been noted.
 */
export class Departures {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #oldPath: string;
  #known = new Map<string, EvictionReason>();
  #seen = '';
  #lookedMs = -Infinity;

  constructor(disk: Disk, { departed }: Layout) {
    this.#disk = disk;
    this.#path = departed;
    this.#oldPath = `${departed}.old`;
  }

  /** @param ids in hex. */
  async note(ids: readonly string[], reason: EvictionReason): Promise<void> {
    if (ids.length === 0) return;
    // First: what is noted now is not on disk yet.
    this.#look();
    for (const id of ids) this.#known.set(nameOf(id), reason);
    const lines = ids.map((id) => `${nameOf(id)} ${LETTERS[reason]}\n`).join('');
    try {
      if ((this.#disk.version(this.#path)?.size ?? 0n) >= BigInt(MOST_BYTES)) {
        await this.#disk.rename(this.#path, this.#oldPath);
      }
      await this.#disk.append(this.#path, Buffer.from(lines, 'latin1'));
    } catch {
      // It is known in this process all the same.
    }
  }

  /** Why the segment left last; `undefined` if it did not, or too long ago. */
  reasonOf(id: Uint8Array): EvictionReason | undefined {
    this.#look();
    if (this.#known.size === 0) return undefined;
    return this.#known.get(nameOf(Buffer.from(id).toString('hex')));
  }

  #look(): void {
    if (Date.now() - this.#lookedMs < LOOK_MS) return;
    this.#lookedMs = Date.now();
    try {
      const paths = [this.#oldPath, this.#path];
      const seen = paths.map((path) => this.#disk.identity(path)).join(' ');
      if (seen === this.#seen) return;
      this.#seen = seen;
      this.#known = new Map(paths.flatMap((path) => entriesIn(this.#disk.readWhole(path))));
    } catch {
      // What was known before is as good.
    }
  }
}

/** Lines that a crash cut short or a bad disk changed are left out. */
const entriesIn = (file: Buffer | undefined): readonly (readonly [string, EvictionReason])[] =>
  (file?.toString('latin1') ?? '').split('\n').flatMap((line) => {
    const [, name = '', letter = ''] = LINE.exec(line) ?? [];
    const reason = REASONS.get(letter);
    return reason === undefined ? [] : [[name, reason] as const];
  });
