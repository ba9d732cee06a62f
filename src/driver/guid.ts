declare const guid: unique symbol;

/** A GUID in its printed form: lower-case hex digits in five groups, without braces. */
export type Guid = string & { readonly [guid]: true };

const SHAPE = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The GUID in `text`, braces and upper case allowed, or `undefined`. Source: GUID (guiddef.h).
 *
 * @example
 * ```ts
 * import { guidFromBytes, guidToBytes, parseGuid } from 'peerweave/effects';
 *
 * const guid = parseGuid('{5BA73BB8-5F9E-4A1B-9D6F-1C5A1F4F3A11}');
 * if (guid === undefined) throw new Error('no GUID');
 * console.log(guid, guidFromBytes(guidToBytes(guid)) === guid); // 5ba73bb8-… true
 * ```
 */
export const parseGuid = (text: string): Guid | undefined => {
  const bare = text.replace(/^\{(.*)\}$/, '$1').toLowerCase();
  return SHAPE.test(bare) ? (bare as Guid) : undefined;
};

/**
 * The 16 bytes of a GUID as Windows lays them out: the first three groups little-endian. See {@link parseGuid} for an
 * example.
 */
export const guidToBytes = (value: Guid): Uint8Array => {
  const hex = value.replaceAll('-', '');
  const at = (index: number): number => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16);
  return Uint8Array.from(LAYOUT, at);
};

/** The GUID held by 16 bytes in the Windows layout. See {@link parseGuid} for an example. */
export const guidFromBytes = (bytes: Uint8Array): Guid => {
  const hex = LAYOUT.map((index) => (bytes[index] ?? 0).toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as Guid;
};

const LAYOUT = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;
