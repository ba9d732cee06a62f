import { describe, expect, test } from 'vitest';
import {
  decodeDiscoveryMessage,
  DiscoveryMessageError,
  encodeProbe,
  encodeProbeMatch,
  MAX_DEPTH,
  MAX_ELEMENTS,
  MAX_MESSAGE_LENGTH,
  type DiscoveryMessageProblem,
} from '../../../src/engine/distribution/discovery/wire/index.js';

const id = Buffer.alloc(32, 0xa5);
const scope = id.toString('hex').toUpperCase();
const messageId = 'urn:uuid:00000000-0000-4000-8000-000000000000';
const probe = encodeProbe({ version: 1, messageId, ids: [id] }).toString();
const probeV2 = encodeProbe({ version: 2, messageId, ids: [id] }).toString();
const matchFields = {
  messageId,
  relatesTo: messageId,
  endpoint: messageId,
  instanceId: 1,
  messageNumber: 1,
  addresses: [{ host: '10.0.0.1', port: 80 }],
};
const match = encodeProbeMatch({
  ...matchFields,
  found: { version: 1, segments: [{ id, scope, blocks: 1 }] },
}).toString();
const matchV2 = encodeProbeMatch({
  ...matchFields,
  found: { version: 2, segments: ['all'], ages: [] },
}).toString();

const crowd = encodeProbe({ version: 'crowd', messageId, ids: [id] }).toString();
const withPorts = (...ports: readonly string[]): string =>
  crowd.replace(
    '</wsd:Probe>',
    `${ports.map((port) => `<crowd:Port>${port}</crowd:Port>`).join('')}</wsd:Probe>`,
  );
const crowdMatch = encodeProbeMatch({
  ...matchFields,
  found: { version: 'crowd', segments: [{ id, scope }] },
}).toString();

const problemOf = (text: string | Buffer): DiscoveryMessageProblem | 'none' => {
  try {
    decodeDiscoveryMessage(Buffer.from(text));
    return 'none';
  } catch (error) {
    if (error instanceof DiscoveryMessageError) return error.problem;
    throw error;
  }
};

const withDoctype = (doctype: string, text: string): string => text.replace('?><soap', `?>${doctype}<soap`);
const base64 = (bytes: readonly number[]): string => Buffer.from(bytes).toString('base64');
const idList = (text: string): string => probeV2.replace(/>[^<]*<\/wsd:Scopes>/, `>${text}</wsd:Scopes>`);

describe('good messages are good', () => {
  test.each([probe, probeV2, match, matchV2, crowd, crowdMatch])('%#', (text) => {
    expect(problemOf(text)).toBe('none');
  });
});

describe('XML that is refused', () => {
  const laughs = Array.from(
    { length: 9 },
    (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
  ).join('');

  test.each<[string, string]>([
    ['a document type', withDoctype('<!DOCTYPE e>', probe)],
    [
      'a billion laughs',
      withDoctype(`<!DOCTYPE e [<!ENTITY l0 "lol">${laughs}]>`, probe.replace(scope, '&l9;')),
    ],
    [
      'a file of ours',
      withDoctype('<!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/passwd">]>', probe.replace(scope, '&x;')),
    ],
    [
      'parameters from elsewhere',
      withDoctype('<!DOCTYPE e [<!ENTITY % x SYSTEM "http://192.0.2.1/"> %x;]>', probe),
    ],
    ['an entity that is not declared', probe.replace(scope, '&x;')],
    ['a name of JavaScript as an entity', probe.replace(scope, '&constructor;')],
    ['a processing instruction', withDoctype('<?php exit() ?>', probe)],
    ['a character that XML lacks', probe.replace(scope, '&#1;')],
    ['half a surrogate pair', probe.replace(scope, '&#xD800;')],
    ['another encoding', probe.replace('utf-8', 'utf-16')],
    [
      'bytes that are no UTF-8',
      Buffer.concat([Buffer.from(probe), Buffer.from([0xc0, 0xaf])]).toString('latin1'),
    ],
    ['two roots', probe + probe],
    ['no end', probe.slice(0, -5)],
    ['a prefix that nobody declared', probe.replace('<wsd:Types>', '<x:Types/><wsd:Types>')],
    ['the same attribute twice', probe.replace(' MatchBy', ' MatchBy="" MatchBy')],
    ['another root', probe.replaceAll('soap:Envelope', 'soap:Fault')],
    ['no XML at all', 'PeerDistData'],
  ])('%s', (_, text) => {
    expect(problemOf(Buffer.from(text, 'latin1'))).toBe('malformed');
  });

  test('depth, and how many elements', () => {
    const nested = (depth: number): string =>
      probe.replace('</soap:Header>', `${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}</soap:Header>`);
    expect(problemOf(nested(MAX_DEPTH - 2))).toBe('none');
    expect(problemOf(nested(MAX_DEPTH - 1))).toBe('too-large');
    const own = probe.match(/<[^/?]/g)!.length;
    const wide = (count: number): string =>
      probe.replace('</soap:Header>', `${'<a/>'.repeat(count)}</soap:Header>`);
    expect(problemOf(wide(MAX_ELEMENTS - own))).toBe('none');
    expect(problemOf(wide(MAX_ELEMENTS - own + 1))).toBe('too-large');
  });

  test('length', () => {
    expect(problemOf(probe.padEnd(MAX_MESSAGE_LENGTH))).toBe('none');
    expect(problemOf(probe.padEnd(MAX_MESSAGE_LENGTH + 1))).toBe('too-large');
  });
});

describe('Probes that are refused', () => {
  test.each<[string, string, DiscoveryMessageProblem]>([
    ['no scopes', probe.replace(scope, ''), 'malformed'],
    ['an odd number of digits', probe.replace(scope, scope.slice(1)), 'malformed'],
    ['what is no digit', probe.replace(scope, scope.replace('A', 'G')), 'malformed'],
    ['an id longer than any hash', probe.replace(scope, scope.repeat(3)), 'malformed'],
    ['256 segments', probe.replace(scope, Array<string>(256).fill(scope.slice(0, 8)).join(' ')), 'too-large'],
    ['another way to match', probe.replace('strcmp0', 'rfc2396'), 'malformed'],
    [
      'the rule of the other version',
      probeV2.replace(/MatchBy="[^"]*"/, 'MatchBy="http://schemas.xmlsoap.org/ws/2005/04/discovery/strcmp0"'),
      'malformed',
    ],
    ['no MessageID', probe.replace(/<wsa:MessageID>.*<\/wsa:MessageID>/, ''), 'malformed'],
    ['a MessageID with spaces', probe.replace(messageId, 'a b'), 'malformed'],
    ['a MessageID without end', probe.replace(messageId, 'a'.repeat(257)), 'malformed'],
    [
      'two MessageIDs',
      probe.replace('<wsa:MessageID>', '<wsa:MessageID>b</wsa:MessageID><wsa:MessageID>'),
      'malformed',
    ],
    ['two bodies', probe.replace('<soap:Body>', '<soap:Body/><soap:Body>'), 'malformed'],
    ['two Probes', probe.replace('<wsd:Probe>', '<wsd:Probe/><wsd:Probe>'), 'malformed'],
    ['a version to come', probe.replace('PeerDistData<', 'PeerDistDataV3<'), 'unknown-version'],
    ['a list without a head', idList(base64([0, 32])), 'malformed'],
    ['a list of nothing', idList(base64([0, 32, 0])), 'malformed'],
    ['ids of no size', idList(base64([0, 0, 1])), 'malformed'],
    [
      'ids of a size beyond all hashes',
      idList(base64([0, 65, 1, ...Array<number>(65).fill(0)])),
      'malformed',
    ],
    ['fewer ids than it says', idList(base64([0, 4, 2, 1, 2, 3, 4])), 'malformed'],
    ['more ids than it says', idList(base64([0, 4, 1, 1, 2, 3, 4, 5])), 'malformed'],
    ['what is no base64', idList('ACACI7*='), 'malformed'],
    ['base64 without its end', idList(base64([0, 4, 1, 1, 2, 3, 4]).replace(/=+$/, '')), 'malformed'],
  ])('%s', (_, text, problem) => {
    expect([probe, probeV2]).not.toContain(text);
    expect(problemOf(text)).toBe(problem);
  });
});

describe('questions who fetches, and answers to them, that are refused', () => {
  test.each<[string, string, DiscoveryMessageProblem]>([
    ['no scopes', crowd.replace(scope, ''), 'malformed'],
    ['what is no segment id', crowd.replace(scope, 'evil'), 'malformed'],
    ['256 segments', crowd.replace(scope, Array<string>(256).fill(scope.slice(0, 8)).join(' ')), 'too-large'],
    ['another way to match', crowd.replace('crowd:any', 'crowd:all'), 'malformed'],
    ['no MessageID', crowd.replace(/<wsa:MessageID>.*<\/wsa:MessageID>/, ''), 'malformed'],
    ['a type to come', crowd.replace('crowd:Fetching', 'crowd:Thinking'), 'unknown-version'],
    [
      'a type of the other namespace',
      crowd.replace('crowd:Fetching', 'crowd:PeerDistData'),
      'unknown-version',
    ],
    ['a document type', withDoctype('<!DOCTYPE e>', crowd), 'malformed'],
    ['no end', crowd.slice(0, -5), 'malformed'],
    ['too much', crowd.padEnd(MAX_MESSAGE_LENGTH + 1), 'too-large'],
    ['a port that is none', withPorts('0'), 'malformed'],
    ['a port beyond all ports', withPorts('65536'), 'malformed'],
    ['a port in words', withPorts('1e3'), 'malformed'],
    ['two ports', withPorts('1', '2'), 'malformed'],
    ['no RelatesTo', crowdMatch.replace(/<wsa:RelatesTo>.*<\/wsa:RelatesTo>/, ''), 'malformed'],
    ['no address', crowdMatch.replace('10.0.0.1:80', ''), 'malformed'],
    ['a host name', crowdMatch.replace('10.0.0.1:80', 'evil.example:80'), 'malformed'],
    ['an answer about no segment id', crowdMatch.replace(scope, scope.slice(1)), 'malformed'],
  ])('%s', (_, text, problem) => {
    expect([crowd, crowdMatch]).not.toContain(text);
    expect(problemOf(text)).toBe(problem);
  });

  test('the type of another namespace is another service', () => {
    expect(
      decodeDiscoveryMessage(
        Buffer.from(crowd.replaceAll('xmlns:crowd="urn:peerweave:crowd"', 'xmlns:crowd="urn:other"')),
      ),
    ).toBe(undefined);
    expect(decodeDiscoveryMessage(Buffer.from(crowd.replace('crowd:Fetching', 'wsd:Fetching')))).toBe(
      undefined,
    );
  });
});

describe('ProbeMatches that are refused', () => {
  test.each([
    ['no RelatesTo', match.replace(/<wsa:RelatesTo>.*<\/wsa:RelatesTo>/, '')],
    ['no address', match.replace('10.0.0.1:80', '')],
    ['a host name', match.replace('10.0.0.1:80', 'evil.example:80')],
    ['no port', match.replace('10.0.0.1:80', '10.0.0.1')],
    ['port 0', match.replace('10.0.0.1:80', '10.0.0.1:0')],
    ['a port beyond all ports', match.replace('10.0.0.1:80', '10.0.0.1:65536')],
    ['IPv6 without brackets', match.replace('10.0.0.1:80', 'fe80::1:80')],
    ['an address that is none', match.replace('10.0.0.1:80', '10.0.0.256:80')],
    ['a path', match.replace('10.0.0.1:80', '10.0.0.1:80/../etc')],
    ['no block counts', match.replace('00000001', '')],
    ['one count too many', match.replace('00000001', '0000000100000001')],
    ['four digits', match.replace('00000001', '0001')],
    ['no payload', match.replace(/<PeerDist:PeerDistData>.*<\/PeerDist:PeerDistData>/, '')],
    [
      'availability that is no base64',
      matchV2.replace(/<wsd:Scopes>.*<\/wsd:Scopes>/, '<wsd:Scopes>?</wsd:Scopes>'),
    ],
  ])('%s', (_, text) => {
    expect([match, matchV2]).not.toContain(text);
    expect(problemOf(text)).toBe('malformed');
  });

  test('of several addresses those count that can be connected to', () => {
    const several = match.replace(
      '10.0.0.1:80',
      'http://10.0.0.9/ [fe80::1%25eth0]:443 nonsense 10.0.0.1:80',
    );
    expect(decodeDiscoveryMessage(Buffer.from(several))).toMatchObject({
      addresses: [
        { host: 'fe80::1', port: 443 },
        { host: '10.0.0.1', port: 80 },
      ],
    });
  });
});
