import { open, rm, utimes, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { EncryptedBlock } from './encrypted-block.js';
import { decodeHeader, encodeHeader, HEADER_LENGTH, headerOf, type RecordHeader } from './pack-record.js';

/** A record and where it lies. */
export interface PackedRecord {
  readonly header: RecordHeader;
  readonly pack: Pack;
  readonly offset: number;
}

/** A full pack ends with all its headers, so that opening it takes one look instead of one for each record. */
const TAIL_MAGIC = Buffer.from('PWt1');
const TAIL_LENGTH = TAIL_MAGIC.length + 8;

/**
 * A file of records, written from start to end and never changed. What a crash cut off at its end is not seen again;
 * what it or the disk spoiled further in front is found by its checksum when it is read.
 */
export class Pack {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #headers: Buffer[] = [];
  #length: number;
  #uses = 0;
  #isOver = false;
  /** When something of it was last written or read, in milliseconds since 1970. */
  lastUse: number;

  private constructor(path: string, file: FileHandle, length: number, lastUse: number) {
    this.path = path;
    this.#file = file;
    this.#length = length;
    this.lastUse = lastUse;
  }

  static async create(path: string, now: number): Promise<Pack> {
    return new Pack(path, await open(path, 'wx+', 0o600), 0, now);
  }

  /** Opens a pack to read and tells what it holds. */
  static async open(
    path: string,
  ): Promise<{ readonly pack: Pack; readonly records: readonly PackedRecord[] }> {
    const file = await open(path, 'r+');
    const { size, mtimeMs } = await file.stat();
    const pack = new Pack(path, file, size, mtimeMs);
    const headers = (await readTail(file, size)) ?? (await readHeaders(file, size));
    let offset = 0;
    const records = headers.map((header) => {
      const record = { header, pack, offset };
      offset += HEADER_LENGTH + header.dataLength;
      return record;
    });
    return { pack, records };
  }

  get length(): number {
    return this.#length;
  }

  /** Appends a record; several may be under way. */
  async append(block: EncryptedBlock): Promise<PackedRecord> {
    const offset = this.#length;
    const header = headerOf(block);
    const encoded = encodeHeader(header);
    this.#length += encoded.length + block.data.length;
    this.#headers.push(encoded);
    await this.#use(() => writeAll(this.#file, [encoded, block.data], offset));
    return { header, pack: this, offset };
  }

  /** `undefined` if what lies there is not that record any more. */
  async read({ header, offset }: PackedRecord): Promise<EncryptedBlock | undefined> {
    const data = Buffer.allocUnsafeSlow(header.dataLength);
    const { bytesRead } = await this.#use(() =>
      this.#file.read(data, 0, data.length, offset + HEADER_LENGTH),
    );
    return bytesRead === data.length && crc32(data) === header.dataChecksum ? { ...header, data } : undefined;
  }

  /** Writes down when it was last used, for the next process. */
  async touch(): Promise<void> {
    await utimes(this.path, this.lastUse / 1_000, this.lastUse / 1_000);
  }

  /** Adds the list of its records. Nothing can be appended then. */
  async seal(): Promise<void> {
    const headers = Buffer.concat(this.#headers);
    const tail = Buffer.alloc(TAIL_LENGTH);
    TAIL_MAGIC.copy(tail);
    tail.writeUInt32BE(this.#headers.length, TAIL_MAGIC.length);
    tail.writeUInt32BE(crc32(headers), TAIL_MAGIC.length + 4);
    await this.#use(() => writeAll(this.#file, [headers, tail], this.#length));
    this.#length += headers.length + tail.length;
    this.#headers.length = 0;
  }

  /** Closes the file once nobody uses it any more. */
  async close(): Promise<void> {
    this.#isOver = true;
    await this.#closeIfUnused();
  }

  /** Removes the file. Who is reading it gets what he asked for. */
  async remove(): Promise<void> {
    await rm(this.path, { force: true });
    await this.close();
  }

  async #use<Result>(action: () => Promise<Result>): Promise<Result> {
    this.#uses += 1;
    try {
      return await action();
    } finally {
      this.#uses -= 1;
      if (this.#isOver) await this.#closeIfUnused();
    }
  }

  async #closeIfUnused(): Promise<void> {
    if (this.#uses === 0) await this.#file.close().catch(() => undefined);
  }
}

const writeAll = async (file: FileHandle, pieces: readonly Uint8Array[], offset: number): Promise<void> => {
  let rest = Buffer.concat(pieces);
  let at = offset;
  while (rest.length > 0) {
    const { bytesWritten } = await file.write(rest, 0, rest.length, at);
    rest = rest.subarray(bytesWritten);
    at += bytesWritten;
  }
};

const readAt = async (file: FileHandle, offset: number, length: number): Promise<Buffer | undefined> => {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, offset);
  return bytesRead === length ? bytes : undefined;
};

const readTail = async (file: FileHandle, size: number): Promise<readonly RecordHeader[] | undefined> => {
  if (size < TAIL_LENGTH) return undefined;
  const tail = await readAt(file, size - TAIL_LENGTH, TAIL_LENGTH);
  if (!tail?.subarray(0, TAIL_MAGIC.length).equals(TAIL_MAGIC)) return undefined;
  const count = tail.readUInt32BE(TAIL_MAGIC.length);
  const start = size - TAIL_LENGTH - count * HEADER_LENGTH;
  if (start < 0) return undefined;
  const headers = await readAt(file, start, count * HEADER_LENGTH);
  if (headers === undefined || crc32(headers) !== tail.readUInt32BE(TAIL_MAGIC.length + 4)) return undefined;
  const records = Array.from({ length: count }, (_, index) =>
    decodeHeader(headers.subarray(index * HEADER_LENGTH, (index + 1) * HEADER_LENGTH)),
  );
  return records.every((record) => record !== undefined) ? records : undefined;
};

/** From the start up to the first that is not whole. */
const readHeaders = async (file: FileHandle, size: number): Promise<readonly RecordHeader[]> => {
  const headers: RecordHeader[] = [];
  for (let offset = 0; offset + HEADER_LENGTH <= size;) {
    const bytes = await readAt(file, offset, HEADER_LENGTH);
    const header = bytes === undefined ? undefined : decodeHeader(bytes);
    if (header === undefined) break;
    offset += HEADER_LENGTH + header.dataLength;
    if (offset > size) break;
    headers.push(header);
  }
  return headers;
};
