/** Bytes that are looked at here and there, wherever they lie. They do not change. */
export interface ByteSource {
  readonly length: number;
  /** Memory that has the `length` bytes from `at` on, which must be there, and where in it they begin. */
  around(at: number, length: number): BytesFound;
}

export interface BytesFound {
  readonly bytes: Buffer;
  readonly at: number;
}

/** What is looked at shares memory with `memory`. */
export const bytesInMemory = (memory: Uint8Array): ByteSource => {
  const bytes = Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength);
  return { length: bytes.length, around: (at) => ({ bytes, at }) };
};

/** A part of them, or as much of it as there is. */
export const viewOf = (source: ByteSource, at: number, length: number): Buffer => {
  const there = Math.max(0, Math.min(length, source.length - at));
  const found = source.around(at, there);
  return found.bytes.subarray(found.at, found.at + there);
};
