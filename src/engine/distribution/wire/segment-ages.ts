/** How long a segment has been where it is. */
export interface SegmentAge {
  /** Counted from the first segment that the message is about. */
  readonly segment: number;
  readonly milliseconds: number;
}

/* The extensible blob of PCCRR 2.2.6, version 1, which accompanies lists of segments. All numbers of the head are
   big-endian, those of the ages little-endian. */

const BLOB_VERSION = 1;
const HEAD_LENGTH = 4;
const AGE_LENGTH = 4;
const MAX_AGE = 0xff_ffff;

/** Milliseconds of the units at their numbers. */
const UNITS: readonly (number | undefined)[] = [undefined, 1000, 100, 10, 1];

/** Hundredths of a second: what Windows sends. They reach 46 hours. */
const UNIT = 3;
const UNIT_MS = 10;

/** The ages in a blob; `undefined` if it has none that can be read, which does no harm to the message around it. */
export const decodeSegmentAges = (blob: Uint8Array): readonly SegmentAge[] | undefined => {
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
  if (bytes.length < HEAD_LENGTH || bytes.readUInt16BE() !== BLOB_VERSION) return undefined;
  const unit = UNITS[bytes.readUInt8(2)];
  const count = bytes.readUInt8(3);
  if (unit === undefined || bytes.length < HEAD_LENGTH + count * AGE_LENGTH) return undefined;
  return Array.from({ length: count }, (_, index) => {
    const at = HEAD_LENGTH + index * AGE_LENGTH;
    return { segment: bytes.readUInt8(at), milliseconds: bytes.readUIntLE(at + 1, 3) * unit };
  });
};

/** Writes a blob. Segments and ages that it has no room for are left out or counted as the greatest. */
export const encodeSegmentAges = (ages: readonly SegmentAge[]): Buffer => {
  const written = ages.filter(({ segment }) => segment <= 0xff).slice(0, 0xff);
  const bytes = Buffer.alloc(HEAD_LENGTH + written.length * AGE_LENGTH);
  bytes.writeUInt16BE(BLOB_VERSION);
  bytes.writeUInt8(UNIT, 2);
  bytes.writeUInt8(written.length, 3);
  written.forEach(({ segment, milliseconds }, index) => {
    const at = HEAD_LENGTH + index * AGE_LENGTH;
    bytes.writeUInt8(segment, at);
    bytes.writeUIntLE(Math.min(MAX_AGE, Math.round(milliseconds / UNIT_MS)), at + 1, 3);
  });
  return bytes;
};
