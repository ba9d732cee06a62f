import { win32Fault } from '../../../driver/index.js';
import type { ScratchFile } from '../ports.js';
import {
  bytesInMemory,
  contentInformationLengthLimit,
  readContentInformation,
  type DescribedContent,
} from '../wire/index.js';
import { PagedBytes } from './paged-bytes.js';

/** Longest beginning that the limit of the whole is told from. */
const PREFIX_LENGTH = 64;

/** Copies of so many bytes are held in memory: what describes one or two gigabytes. More goes to a file. */
export const MOST_IN_MEMORY = 1024 * 1024;
/** Memory that a copy takes, however short it is. */
const PIECE_OVERHEAD = 256;
/** What is written to that together. */
const WRITTEN_TOGETHER = 64 * 1024;

/** Content information as it comes in, piece by piece. */
export class ContentInformationBytes {
  readonly #openFile: () => Promise<ScratchFile>;
  #prefix = Buffer.alloc(0);
  #length = 0;
  /** What is not in the file, and how much memory copies of that take. */
  #pieces: Uint8Array[] = [];
  #copied = 0;
  #file: ScratchFile | undefined;
  #isOnDisk = false;
  /** The last write, which begins when those before it are over and fails as they do. */
  #written: Promise<void> = Promise.resolve();

  /** @param openFile for what is too much to be held in memory. */
  constructor(openFile: () => Promise<ScratchFile>) {
    this.#openFile = openFile;
  }

  /**
   * Takes the next piece, a copy of it unless it does not change any more; refuses more bytes than content information with
   * this beginning can have.
   */
  async add(operation: string, piece: Uint8Array, isConstant = false): Promise<void> {
    const prefix = Buffer.concat([this.#prefix, piece.subarray(0, PREFIX_LENGTH - this.#prefix.length)]);
    const limit = contentInformationLengthLimit(prefix);
    if (this.#length + piece.length > limit) {
      throw win32Fault(operation, 'PEERDIST_ERROR_CANNOT_PARSE_CONTENTINFO', {
        reason: `more than the ${limit} bytes that it can have`,
      });
    }
    this.#prefix = prefix;
    this.#length += piece.length;
    this.#pieces.push(isConstant ? piece : Uint8Array.from(piece));
    if (!isConstant) this.#copied += piece.length + PIECE_OVERHEAD;
    if (this.#copied > (this.#isOnDisk ? WRITTEN_TOGETHER : MOST_IN_MEMORY)) this.#write();
    await this.#written;
  }

  /** Good until this is closed. Nothing can be added any more. */
  async parse(): Promise<DescribedContent> {
    if (this.#isOnDisk && this.#pieces.length > 0) this.#write();
    await this.#written;
    const [first] = this.#pieces;
    const isOne = first !== undefined && this.#pieces.length === 1;
    const source =
      this.#file === undefined
        ? bytesInMemory(isOne ? first : Buffer.concat(this.#pieces, this.#length))
        : new PagedBytes(this.#file, this.#length);
    const information = readContentInformation(source);
    this.#pieces = [];
    return information;
  }

  /** Call it in any case, when nothing is under way any more. */
  close(): void {
    this.#file?.close();
  }

  #write(): void {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#copied = 0;
    this.#isOnDisk = true;
    this.#written = this.#written.then(async () => {
      this.#file ??= await this.#openFile();
      await this.#file.append(Buffer.concat(pieces));
    });
  }
}
