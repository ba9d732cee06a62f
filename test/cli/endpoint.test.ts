import { describe, expect, it } from 'vitest';
import { formatEndpoint, parseEndpoint } from '../../src/cli/endpoint.js';

describe('an address with a port', () => {
  it.each([
    ['192.0.2.1:80', '192.0.2.1', 80],
    ['host.example:8081', 'host.example', 8081],
    ['[::]:0', '::', 0],
    ['[2001:db8::1]:8081', '2001:db8::1', 8081],
    ['[fe80::1%eth0]:8081', 'fe80::1%eth0', 8081],
    ['[fe80::1%br-lan.7]:1', 'fe80::1%br-lan.7', 1],
    ['[::ffff:192.0.2.1]:1', '::ffff:192.0.2.1', 1],
  ])('%s is read, and written again', (text, host, port) => {
    expect(parseEndpoint(text)).toEqual({ host, port });
    expect(formatEndpoint({ host, port })).toBe(text);
  });

  it.each([
    '',
    '8080',
    ':80',
    'host',
    'host:',
    'host:65536',
    'host:-1',
    '::1:80',
    '[::1]',
    '[host]:80',
    '[]:80',
    '[%eth0]:80',
    '[fe80::1%]:80',
    '[fe80::1%a b]:80',
    '[fe80::1%a]b]:80',
  ])('"%s" is none', (text) => {
    expect(parseEndpoint(text)).toBeUndefined();
  });
});
