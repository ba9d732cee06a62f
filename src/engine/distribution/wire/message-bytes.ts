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
    return this.bytes.readUInt8(this.#pass(1));
  }

  u16(): number {
    return this.bytes.readUInt16BE(this.#pass(2));
  }

  u32(): number {
    return this.bytes.readUInt32BE(this.#pass(4));
  }

  /** Bytes that are still to be read. */
  get left(): number {
    return this.bytes.length - this.#at;
  }

  /** The next bytes, sharing memory with the message. */
  take(length: number): Buffer {
    const start = this.#pass(length);
    return this.bytes.subarray(start, start + length);
  }

  /** A size and as many bytes, without the padding to a multiple of four. */
  sized(): Buffer {
    const length = this.u32();
    const bytes = this.take(length);
    this.#pass(paddingAfter(length));
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

  /** Where the next `length` bytes begin, which are over then. */
  #pass(length: number): number {
    const start = this.#at;
    if (length > this.bytes.length - start) throw new MessageError('message ends too early');
    this.#at = start + length;
    return start;
  }
}

/** A piece of a message that is being written: bytes, or a big-endian number of four bytes. */
export type Part = number | Uint8Array;

const NUMBER_LENGTH = 4;

const lengthOfPart = (part: Part): number => (typeof part === 'number' ? NUMBER_LENGTH : part.length);

export const lengthOfParts = (parts: readonly Part[]): number => {
  let length = 0;
  for (const part of parts) length += lengthOfPart(part);
  return length;
};

/** Copies them one after the other. */
export const joinParts = (parts: readonly Part[]): Buffer => {
  const bytes = Buffer.allocUnsafe(lengthOfParts(parts));
  let at = 0;
  for (const part of parts) {
    if (typeof part === 'number') bytes.writeUInt32BE(part, at);
    else bytes.set(part, at);
    at += lengthOfPart(part);
  }
  return bytes;
};

/** Neighbouring parts of fewer than `large` bytes as one each, the others as they are. */
export const joinSmallParts = (parts: readonly Part[], large: number): readonly Uint8Array[] => {
  const joined: Uint8Array[] = [];
  let small: Part[] = [];
  for (const part of parts) {
    if (typeof part === 'number' || part.length < large) small.push(part);
    else {
      joined.push(joinParts(small), part);
      small = [];
    }
  }
  joined.push(joinParts(small));
  return joined;
};

/** A big-endian number. */
export const u32 = (value: number): Buffer => {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const PADDINGS = [0, 1, 2, 3].map((length) => new Uint8Array(length));
const NOTHING = new Uint8Array(0);

/** A size, as many bytes, and zeros up to a multiple of four. */
export const sized = (...pieces: readonly Uint8Array[]): Part[] => {
  const length = lengthOfParts(pieces);
  return [length, ...pieces, PADDINGS[paddingAfter(length)] ?? NOTHING];
};

/** A size and as many bytes, with which the message ends. */
export const sizedAtEnd = (bytes: Uint8Array): Part[] => [bytes.length, bytes];
