/** Where a command's results go: text for people, or one JSON document per line for programs. */
export interface Output {
  readonly json: boolean;
  /** A result: an object with `--json`, `text` otherwise. */
  result(data: object, text: string): void;
  /** Something for the person at the terminal only. */
  say(text: string): void;
}

export const createOutput = (json: boolean): Output => ({
  json,
  result: (data, text) => {
    process.stdout.write(json ? `${JSON.stringify(data, replacer)}\n` : `${text}\n`);
  },
  say: (text) => {
    if (!json) process.stdout.write(`${text}\n`);
  },
});

/** Bytes print as hex and big integers as decimal text: JSON has neither. */
const replacer = (_key: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return isJsonBuffer(value) ? Buffer.from(value.data).toString('hex') : value;
};

/** What a Buffer has turned itself into before the replacer sees it. */
const isJsonBuffer = (value: unknown): value is { readonly data: readonly number[] } =>
  typeof value === 'object' &&
  value !== null &&
  'type' in value &&
  value.type === 'Buffer' &&
  'data' in value &&
  Array.isArray(value.data);

/** What somebody chose must not look like a line of its own, or turn the text around. */
const inOneLine = (text: string): string =>
  text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '?');

/** Lines of two columns. */
export const columns = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${inOneLine(value)}`).join('\n');
};

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A count of bytes in the unit that suits it. */
export const formatBytes = (bytes: number): string => {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power] ?? 'B'}`;
};

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];

/** A time in the unit that suits it, as it is also given: 28 days, 12 hours, 90 minutes. */
export const formatAge = (ms: number): string => {
  const [unit, name] =
    ms >= 2 * DAY_MS ? [DAY_MS, 'days'] : ms >= 2 * HOUR_MS ? [HOUR_MS, 'hours'] : [MINUTE_MS, 'minutes'];
  return `${Number((ms / unit).toFixed(1))} ${name}`;
};

/** Megabytes (10^6) a second. */
export const formatRate = (bytes: number, seconds: number): string =>
  seconds > 0 ? `${(bytes / 1e6 / seconds).toFixed(1)} MB/s` : '-';

/** What comes from elsewhere must not steer the terminal. */
export const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');
