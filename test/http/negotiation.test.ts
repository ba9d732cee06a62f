import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { negotiate } from '../../src/http/protocol/negotiation.js';

const ENCODING = { 'accept-encoding': 'gzip, deflate, peerdist' };
const BOTH = 'MinContentInformation=1.0, MaxContentInformation=2.0';

describe('what a request says about peerdist', () => {
  it('is read from the example of MS-PCCRTP 4', () => {
    expect(
      negotiate({
        ...ENCODING,
        'x-p2p-peerdist': 'Version=1.1',
        'x-p2p-peerdistex': 'MinContentInformation=1.0, MaxContentInformation=1.0',
      }),
    ).toEqual({ accepts: true, version: '1.1', minVersion: 1, maxVersion: 1, kind: 'peerdist' });
  });

  it('is read from the hash request of MS-PCCRTP 4, which has no Accept-Encoding', () => {
    expect(
      negotiate({ 'x-p2p-peerdist': 'Version=1.1', 'x-p2p-peerdistex': `${BOTH}, HashRequest=true` }),
    ).toEqual({ accepts: true, version: '1.1', minVersion: 1, maxVersion: 2, kind: 'hash' });
  });

  it('is version 1 content information for a Windows 7 client, which knows no second header', () => {
    expect(negotiate({ ...ENCODING, 'x-p2p-peerdist': 'Version=1.0' })).toEqual({
      accepts: true,
      version: '1.0',
      minVersion: 1,
      maxVersion: 1,
      kind: 'peerdist',
    });
  });

  it.each([
    ['1.1', '1.1'],
    ['1.0', '1.0'],
    ['1.23', '1.1'],
    ['1.00', '1.0'],
  ])('a client whose highest version is %s is answered with %s', (highest, version) => {
    expect(negotiate({ ...ENCODING, 'x-p2p-peerdist': `Version=${highest}` })).toMatchObject({ version });
  });

  it.each([
    ['peerdist'],
    ['PeerDist'],
    ['gzip;q=1.0, peerdist;q=0.001'],
    [',, peerdist ,'],
    ['peerdist ; q=1.000'],
  ])('Accept-Encoding: %s accepts it', (value) => {
    expect(negotiate({ 'accept-encoding': value, 'x-p2p-peerdist': 'Version=1.1' })).toMatchObject({
      accepts: true,
    });
  });

  it.each([
    ['not at all', {}],
    ['no peerdist in Accept-Encoding', { 'accept-encoding': 'gzip', 'x-p2p-peerdist': 'Version=1.1' }],
    ['any encoding', { 'accept-encoding': '*', 'x-p2p-peerdist': 'Version=1.1' }],
    ['peerdist refused', { 'accept-encoding': 'peerdist;q=0', 'x-p2p-peerdist': 'Version=1.1' }],
    [
      'peerdist refused at length',
      { 'accept-encoding': 'peerdist;q=0.000', 'x-p2p-peerdist': 'Version=1.1' },
    ],
    ['no parameters', ENCODING],
    ['an absurd version', { ...ENCODING, 'x-p2p-peerdist': 'Version=999.999' }],
    ['version 2.0', { ...ENCODING, 'x-p2p-peerdist': 'Version=2.0' }],
    ['version 0.9', { ...ENCODING, 'x-p2p-peerdist': 'Version=0.9' }],
    ['no version', { ...ENCODING, 'x-p2p-peerdist': 'MissingDataRequest=false' }],
    ['a version that is none', { ...ENCODING, 'x-p2p-peerdist': 'Version=1' }],
    ['spaces inside the version', { ...ENCODING, 'x-p2p-peerdist': 'Version=1 .1' }],
    ['two versions', { ...ENCODING, 'x-p2p-peerdist': 'Version=1.0, Version=1.1' }],
    ['junk', { ...ENCODING, 'x-p2p-peerdist': 'Version=1.1, junk' }],
    [
      'an unknown value of MissingDataRequest',
      { ...ENCODING, 'x-p2p-peerdist': 'Version=1.1, MissingDataRequest=maybe' },
    ],
  ])('%s gets plain content', (_name, headers) => {
    expect(negotiate(headers)).toEqual({ accepts: false, kind: 'plain' });
  });

  it.each([
    ['MinContentInformation=3.0, MaxContentInformation=4.0'],
    ['MinContentInformation=0.5, MaxContentInformation=1.0'],
    ['MinContentInformation=2.0, MaxContentInformation=1.0'],
    ['MinContentInformation=1.0'],
    ['MaxContentInformation=2.0'],
    ['MinContentInformation=constructor, MaxContentInformation=1.0'],
  ])('%s, outside of 1.0 to 2.0 or by halves, gets plain content', (extended) => {
    expect(negotiate({ ...ENCODING, 'x-p2p-peerdist': 'Version=1.1', 'x-p2p-peerdistex': extended })).toEqual(
      { accepts: false, kind: 'plain' },
    );
  });

  it('MissingDataRequest=true gets plain content, whatever else is accepted', () => {
    const parameters = 'Version=1.1, MissingDataRequest=true';
    expect(negotiate({ 'x-p2p-peerdist': parameters })).toEqual({ accepts: false, kind: 'missing-data' });
    expect(negotiate({ ...ENCODING, 'x-p2p-peerdist': parameters })).toMatchObject({ kind: 'missing-data' });
  });

  it('MissingDataRequest=false changes nothing', () => {
    expect(
      negotiate({ ...ENCODING, 'x-p2p-peerdist': 'Version=1.1, MissingDataRequest=false' }),
    ).toMatchObject({ accepts: true, version: '1.1' });
  });

  it('names and lists are read whatever their case and spaces, as the test suite sends none after commas', () => {
    expect(
      negotiate({
        'accept-encoding': 'PEERDIST',
        'x-p2p-peerdist': 'VERSION=1.1,contentlength=5',
        'x-p2p-peerdistex': 'mincontentinformation=1.0,MAXCONTENTINFORMATION=2.0',
      }),
    ).toMatchObject({ accepts: true, maxVersion: 2 });
  });

  property.prop([
    fc.record({
      'accept-encoding': fc.oneof(fc.string(), fc.constant('peerdist')),
      'x-p2p-peerdist': fc.oneof(fc.string(), fc.array(fc.string()), fc.constant('Version=1.1')),
      'x-p2p-peerdistex': fc.oneof(fc.string(), fc.constant(BOTH), fc.constant(undefined)),
    }),
  ])('no header brings it down', (headers) => {
    const { kind } = negotiate(headers);
    expect(['plain', 'peerdist', 'missing-data', 'hash']).toContain(kind);
  });
});
