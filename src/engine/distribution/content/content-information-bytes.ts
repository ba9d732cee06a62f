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

  /**
   * Takes the next piece, a copy of it unless it does not change any more; refuses more bytes than content information with
   * this beginning can have.
   */
  add(operation: string, piece: Uint8Array, isConstant = false): void {
    this.#pieces.push(isConstant ? piece : Uint8Array.from(piece));
    this.#length += piece.length;
    const limit = contentInformationLengthLimit(this.#prefix());
    if (this.#length <= limit) return;
    this.#pieces.pop();
    this.#length -= piece.length;
    throw win32Fault(operation, 'PEERDIST_ERROR_CANNOT_PARSE_CONTENTINFO', {
      reason: `more than the ${limit} bytes that it can have`,
    });
  }

  /** Keeps nothing if that succeeds: what is read of it shares memory with the pieces or a copy. */
  parse(): DescribedContent {
    const [first] = this.#pieces;
    const isOne = first !== undefined && this.#pieces.length === 1;
    const information = readContentInformation(isOne ? first : Buffer.concat(this.#pieces, this.#length));
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
