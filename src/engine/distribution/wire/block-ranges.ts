import { MessageError, type MessageReader, type Part } from './message-bytes.js';

/** Blocks `index` to `index + count - 1` of a segment; in a segment list, segments of the request. */
export interface BlockRange {
  readonly index: number;
  readonly count: number;
}

const RANGE_LENGTH = 8;

const readRange = (reader: MessageReader, end: number): BlockRange => {
  const range = { index: reader.u32(), count: reader.u32() };
  if (range.count === 0 || range.index + range.count > end) {
    throw new MessageError(`a range of ${range.count} from ${range.index} to ${end}`);
  }
  return range;
};

/** Ranges below `end`, at most as many as can lie apart from one another there. */
export const readRanges = (reader: MessageReader, end: number): BlockRange[] =>
  reader.list(Math.ceil(end / 2), RANGE_LENGTH, () => readRange(reader, end));

export const encodeRanges = (ranges: readonly BlockRange[]): Part[] => {
  const parts: Part[] = [ranges.length];
  for (const { index, count } of ranges) parts.push(index, count);
  return parts;
};

/** Whether block `index` lies in one of `ranges`. */
export const includesBlock = (ranges: readonly BlockRange[], index: number): boolean =>
  ranges.some((range) => index >= range.index && index < range.index + range.count);

/** The blocks below `end` that lie in `ranges` and pass `has`, as sorted, merged ranges. */
export const rangesOfBlocks = (
  ranges: readonly BlockRange[],
  end: number,
  has: (index: number) => boolean,
): BlockRange[] => {
  const found: BlockRange[] = [];
  for (let index = 0; index < end; index += 1) {
    if (!includesBlock(ranges, index) || !has(index)) continue;
    const last = found.at(-1);
    if (last !== undefined && last.index + last.count === index) {
      found[found.length - 1] = { index: last.index, count: last.count + 1 };
    } else {
      found.push({ index, count: 1 });
    }
  }
  return found;
};
