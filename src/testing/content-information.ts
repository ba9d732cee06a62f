import { createHash } from 'node:crypto';

/** What the content information of this test double says. The real formats are the business of real drivers. */
export interface FakeContentInformation {
  /** The content's key in the network. */
  readonly key: string;
  /** Length of the whole content. */
  readonly length: number;
  /** The range that may be read, from `start` up to but not including `end`. */
  readonly start: number;
  readonly end: number;
}

const MAGIC = 'peerweave fake content information';

const checksum = (body: string): string => createHash('sha256').update(body).digest('hex');

/** Three lines: a magic text, JSON, and the SHA-256 of the JSON. */
export const encodeContentInformation = (information: FakeContentInformation): Uint8Array => {
  const body = JSON.stringify(information);
  return new TextEncoder().encode(`${MAGIC}\n${body}\n${checksum(body)}`);
};

/** `undefined` for anything but the exact bytes of an encoder of this kind. */
export const decodeContentInformation = (bytes: Uint8Array): FakeContentInformation | undefined => {
  const [magic, body = '', sum, ...rest] = new TextDecoder().decode(bytes).split('\n');
  return magic === MAGIC && sum === checksum(body) && rest.length === 0
    ? (JSON.parse(body) as FakeContentInformation)
    : undefined;
};
