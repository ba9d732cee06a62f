import { isUtf8, transcode } from 'node:buffer';
import type { SecretText } from '../driver/index.js';
import { badArgument, handleClosed } from './error/index.js';
import { dispose } from '../driver/dispose-symbols.js';

const REDACTED = '[redacted]';

/**
 * A password in memory that can be wiped. It never shows its content: printed, converted to JSON or text it reads
 * `[redacted]`. `release` (or `using`) overwrites it; using it afterwards is `HandleClosed`.
 *
 * A JavaScript string cannot be wiped: what was given as one stays in memory until the garbage collector reuses the
 * place. Where that matters, give bytes and overwrite them afterwards.
 *
 * @example
 * ```ts
 * import { Secret } from 'peerweave';
 *
 * const typed = Buffer.from('a long password');
 * using password = Secret.of(typed);
 * typed.fill(0);
 * console.log(password, JSON.stringify({ password })); // Secret [redacted] {"password":"[redacted]"}
 * ```
 */
export class Secret implements SecretText {
  #utf16le: Buffer | undefined;

  private constructor(utf16le: Buffer) {
    this.#utf16le = utf16le;
  }

  /**
   * Copies a text, or bytes that are UTF-8, into a secret; the bytes stay the caller's to overwrite.
   * @throws PeerError BadArgument if the bytes are not UTF-8.
   */
  static of(content: string | Uint8Array): Secret {
    if (typeof content === 'string') {
      // `alloc`, unlike `from`, takes no part of the pool that other buffers share.
      const utf16le = Buffer.alloc(content.length * 2);
      utf16le.write(content, 'utf16le');
      return new Secret(utf16le);
    }
    if (!isUtf8(content)) {
      throw badArgument([{ path: '', code: 'format', message: 'must be UTF-8' }], 'Secret.of');
    }
    return new Secret(content.length === 0 ? Buffer.alloc(0) : transcode(content, 'utf8', 'utf16le'));
  }

  /** Lends the bytes for the duration of `use`; they are overwritten on release, so copy nothing but what must be. */
  use<Result>(use: (utf16le: Uint8Array) => Result): Result {
    if (this.#utf16le === undefined) throw handleClosed('Secret.use');
    return use(this.#utf16le);
  }

  /** Overwrites the content with zeros. Doing it again does nothing. */
  release(): void {
    this.#utf16le?.fill(0);
    this.#utf16le = undefined;
  }

  /** For `using`: the same as {@link release}. */
  [dispose](): void {
    this.release();
  }

  toString(): string {
    return REDACTED;
  }

  /** `[redacted]`. */
  toJSON(): string {
    return REDACTED;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Secret ${REDACTED}`;
  }
}
