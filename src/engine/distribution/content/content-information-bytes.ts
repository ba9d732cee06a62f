import { win32Fault } from '../../../driver/index.js';
import {
  contentInformationLengthLimit,
  readContentInformation,
  type DescribedContent,
} from '../wire/index.js';

/** Longest beginning that the limit of the whole is told from. */
const PREFIX_LENGTH = 64;

/** Content information as it comes in, piece by piece. */
export class ContentInformationBytes {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  /** Takes a copy of the next piece; refuses more bytes than content information with this beginning can have. */
  add(operation: string, piece: Uint8Array): void {
    this.#pieces.push(Uint8Array.from(piece));
    this.#length += piece.length;
    const limit = contentInformationLengthLimit(this.#prefix());
    if (this.#length <= limit) return;
    this.#pieces.pop();
    this.#length -= piece.length;
    throw win32Fault(operation, 'PEERDIST_ERROR_CANNOT_PARSE_CONTENTINFO', {
      reason: `more than the ${limit} bytes that it can have`,
    });
  }

  /** Keeps nothing if that succeeds: what is read of it shares memory with a copy. */
  parse(): DescribedContent {
    const information = readContentInformation(Buffer.concat(this.#pieces, this.#length));
    this.#pieces.length = 0;
    return information;
  }

  #prefix(): Buffer {
    const pieces: Uint8Array[] = [];
    let length = 0;
    for (const piece of this.#pieces) {
      if (length >= PREFIX_LENGTH) break;
      pieces.push(piece);
      length += piece.length;
    }
    return Buffer.concat(pieces).subarray(0, PREFIX_LENGTH);
  }
}
