import { createHash } from 'node:crypto';

/** A file on disk is not what was written. */
export class DamagedRecord extends Error {
  constructor(reason: string, cause?: unknown) {
    super(reason, { cause });
    this.name = 'DamagedRecord';
  }
}

const FORMAT = 1;

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A JSON body under one line with its kind, format and SHA-256, so that damage is noticed and not believed. */
export const encodeRecord = (kind: string, body: object): Uint8Array => {
  const json = JSON.stringify(body);
  return Buffer.from(`peerweave ${kind} ${FORMAT} ${digest(json)}\n${json}\n`);
};

/** @throws DamagedRecord */
export const decodeRecord = (kind: string, bytes: Uint8Array): unknown => {
  const text = Buffer.from(bytes).toString();
  const [, foundKind, format, checksum, json] =
    /^peerweave ([a-z-]+) (\d+) ([0-9a-f]{64})\n([^\n]*)\n$/.exec(text) ?? [];
  if (foundKind !== kind || json === undefined) throw new DamagedRecord(`this is no ${kind} record`);
  if (format !== String(FORMAT))
    throw new DamagedRecord(`it has format ${format ?? ''}; this release reads format ${FORMAT}`);
  if (digest(json) !== checksum || !Buffer.from(text).equals(bytes))
    throw new DamagedRecord('its checksum does not match');
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new DamagedRecord('its body is no JSON', cause);
  }
};

/** Reads the members of a record's body by name and type. */
export class RecordReader {
  readonly #body: object;

  constructor(body: unknown) {
    if (typeof body !== 'object' || body === null) throw new DamagedRecord('its body is no object');
    this.#body = body;
  }

  text(name: string): string {
    const value = this.#get(name);
    if (typeof value !== 'string') throw new DamagedRecord(`${name} should be text`);
    return value;
  }

  number(name: string): number {
    const value = this.#get(name);
    if (typeof value !== 'number') throw new DamagedRecord(`${name} should be a number`);
    return value;
  }

  flag(name: string): boolean {
    const value = this.#get(name);
    if (typeof value !== 'boolean') throw new DamagedRecord(`${name} should be true or false`);
    return value;
  }

  texts(name: string): string[] {
    const value = this.#get(name);
    if (!Array.isArray(value)) throw new DamagedRecord(`${name} should be a list`);
    return value.map((item: unknown) => {
      if (typeof item !== 'string') throw new DamagedRecord(`${name} should be a list of texts`);
      return item;
    });
  }

  optionalText(name: string): string | undefined {
    return this.#get(name) === undefined ? undefined : this.text(name);
  }

  optionalReader(name: string): RecordReader | undefined {
    const value = this.#get(name);
    return value === undefined ? undefined : new RecordReader(value);
  }

  #get(name: string): unknown {
    return (this.#body as Readonly<Record<string, unknown>>)[name];
  }
}
