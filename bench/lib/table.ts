import type { Measurement } from './measure.js';

export interface Row {
  readonly name: string;
  readonly bytes: number;
  readonly result: Measurement;
  /** The least ratio to the first row that is aimed at. */
  readonly target?: number | undefined;
}

const HEAD = ['', 'MB/s', 'ratio', 'target', 'CPU s/GiB', 'peak RSS MiB'];

/** Rates of the rows, each against the first one. */
export const ratioTable = (rows: readonly Row[]): string => {
  const [first] = rows;
  const lines = rows.map(({ name, bytes, result, target }) => [
    name,
    (bytes / result.seconds / 1e6).toFixed(0),
    first === undefined ? '' : rate({ bytes, result }, first).toFixed(2),
    target?.toFixed(2) ?? '',
    ((result.cpuSeconds / bytes) * 2 ** 30).toFixed(2),
    result.peakRssMiB.toFixed(0),
  ]);
  return columns([HEAD, ...lines]);
};

const rate = (row: Pick<Row, 'bytes' | 'result'>, reference: Row): number =>
  row.bytes / row.result.seconds / (reference.bytes / reference.result.seconds);

/** The first column to the left, numbers to the right. */
export const columns = (lines: readonly (readonly string[])[]): string => {
  const width = (column: number): number => Math.max(...lines.map((line) => line[column]?.length ?? 0));
  return lines
    .map((line) =>
      line.map((cell, at) => (at === 0 ? cell.padEnd(width(at)) : cell.padStart(width(at)))).join('  '),
    )
    .join('\n');
};
