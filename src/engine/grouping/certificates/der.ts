import { guidFromBytes, guidToBytes, type Guid } from '../../../driver/index.js';
import { Malformed } from '../documents/malformed.js';

/*
 * The few DER values (X.690) that our private extensions hold: a small INTEGER, a UTF8String, a list of GUIDs as
 * SEQUENCE OF OCTET STRING.
 */
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const UTF8_STRING = 0x0c;
const SEQUENCE = 0x30;

const encode = (tag: number, content: Uint8Array): Uint8Array => {
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Uint8Array.from([tag, ...length]), content]);
};

/** The content of the one value with this tag that fills `der` completely. */
const decode = (tag: number, der: Uint8Array): Uint8Array => {
  const content = der.subarray(2 + Math.max(0, (der[1] ?? 0) - 0x80));
  if (!Buffer.from(encode(tag, content)).equals(der)) throw new Malformed('an extension is not valid DER');
  return content;
};

export const encodeSmallInteger = (value: number): Uint8Array => encode(INTEGER, Uint8Array.of(value));

export const decodeSmallInteger = (der: Uint8Array): number => {
  const [value, ...rest] = decode(INTEGER, der);
  if (value === undefined || value > 0x7f || rest.length > 0)
    throw new Malformed('an extension is out of range');
  return value;
};

export const encodeText = (text: string): Uint8Array => encode(UTF8_STRING, Buffer.from(text));

export const decodeText = (der: Uint8Array): string => {
  const content = decode(UTF8_STRING, der);
  const text = Buffer.from(content).toString();
  if (!Buffer.from(text).equals(content)) throw new Malformed('an extension is not valid UTF-8');
  return text;
};

export const encodeGuids = (guids: readonly Guid[]): Uint8Array =>
  encode(SEQUENCE, Buffer.concat(guids.map((guid) => encode(OCTET_STRING, guidToBytes(guid)))));

const GUID_BYTES = 16;

export const decodeGuids = (der: Uint8Array): Guid[] => {
  const content = decode(SEQUENCE, der);
  const each = GUID_BYTES + 2;
  return Array.from({ length: Math.ceil(content.length / each) }, (_, index) => {
    const bytes = decode(OCTET_STRING, content.subarray(index * each, (index + 1) * each));
    if (bytes.length !== GUID_BYTES) throw new Malformed('a role is not a GUID');
    return guidFromBytes(bytes);
  });
};
