/** The only thing that decoding a message of retrieval or of a hosted cache throws: it is not a message of the protocol. */
export class MessageError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'MessageError';
  }
}

const paddingAfter = (length: number): number => -length & 3;

/** Reads the big-endian fields of a message one after the other. Throws {@link MessageError} at its end. */
export class MessageReader {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  u8(): number {
    return this.take(1).readUInt8();
  }

  u16(): number {
    return this.take(2).readUInt16BE();
  }

  u32(): number {
    return this.take(4).readUInt32BE();
  }

  /** Bytes that are still to be read. */
  get left(): number {
    return this.bytes.length - this.#at;
  }

  /** The next bytes, sharing memory with the message. */
  take(length: number): Buffer {
    const end = this.#at + length;
    if (length > this.left) throw new MessageError('message ends too early');
    const taken = this.bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** A size and as many bytes, without the padding to a multiple of four. */
  sized(): Buffer {
    const length = this.u32();
    const bytes = this.take(length);
    this.take(paddingAfter(length));
    return bytes;
  }

  /** A size and as many bytes, which nothing follows. */
  sizedAtEnd(): Buffer {
    const bytes = this.take(this.u32());
    this.end();
    return bytes;
  }

  /** A count and as many items of `itemLength` bytes, checked to be there before any is read. */
  list<Item>(most: number, itemLength: number, read: () => Item): Item[] {
    const count = this.u32();
    if (count > most) throw new MessageError(`${count} items in a list of at most ${most}`);
    if (count * itemLength > this.left) throw new MessageError('message ends too early');
    return Array.from({ length: count }, read);
  }

  end(): void {
    if (this.left > 0) throw new MessageError('bytes follow the message');
  }
}

/** A big-endian number. */
export const u32 = (value: number): Buffer => {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** A size, as many bytes, and zeros up to a multiple of four. */
export const sized = (...pieces: readonly Uint8Array[]): Uint8Array[] => {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return [u32(length), ...pieces, Buffer.alloc(paddingAfter(length))];
};

/** A size and as many bytes, with which the message ends. */
export const sizedAtEnd = (bytes: Uint8Array): Uint8Array[] => [u32(bytes.length), bytes];
