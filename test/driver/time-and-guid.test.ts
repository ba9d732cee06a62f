import { test as propertyTest, fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  fileTimeFromDate,
  fileTimeToDate,
  guidFromBytes,
  guidToBytes,
  isFileTime,
  parseGuid,
} from '../../src/driver/index.js';

describe('FILETIME', () => {
  it('counts 100 ns ticks since 1601', () => {
    expect(fileTimeFromDate(new Date('1601-01-01T00:00:00Z'))).toBe(0n);
    // The epoch difference that Microsoft documents for converting time_t.
    expect(fileTimeFromDate(new Date(0))).toBe(116_444_736_000_000_000n);
    expect(fileTimeFromDate(new Date('2020-01-01T00:00:00Z'))).toBe(132_223_104_000_000_000n);
  });

  propertyTest.prop([
    fc.date({
      min: new Date('1601-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    }),
  ])('keeps every millisecond', (date) => {
    expect(fileTimeToDate(fileTimeFromDate(date))).toEqual(date);
  });

  it('is not negative and has 63 bits', () => {
    expect(isFileTime(-1n)).toBe(false);
    expect(isFileTime((1n << 63n) - 1n)).toBe(true);
    expect(isFileTime(1n << 63n)).toBe(false);
  });
});

describe('GUID', () => {
  it('lies in memory as Windows lays it out', () => {
    const guid = parseGuid('{00112233-4455-6677-8899-AABBCCDDEEFF}');
    expect(guid).toBe('00112233-4455-6677-8899-aabbccddeeff');
    expect(Buffer.from(guidToBytes(guid!)).toString('hex')).toBe('33221100554477668899aabbccddeeff');
  });

  propertyTest.prop([fc.uuid()])('survives its bytes', (uuid) => {
    expect(guidFromBytes(guidToBytes(parseGuid(uuid)!))).toBe(uuid);
  });

  propertyTest.prop([fc.string()])('is nothing but 32 hex digits in five groups', (text) => {
    expect(parseGuid(text)).toBeUndefined();
  });
});
