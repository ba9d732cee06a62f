import { encodeProbeMatch, type ProbeMatch } from './probe-match.js';
import { scopeOf } from './scopes.js';
import type { ProbeFields } from './probe.js';

const LONGEST_HOST = { host: 'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255', port: 65_535 };

/**
 * A Probe with white space at its end, so that no honest answer to it is longer: to a source that could be forged a
 * responder must not send more than it got.
 */
export const padForAnswer = (probe: Buffer, { version, messageId, ids }: ProbeFields): Buffer => {
  const answer = encodeProbeMatch({
    messageId,
    relatesTo: messageId,
    endpoint: messageId,
    instanceId: 0xffff_ffff,
    messageNumber: 0xffff_ffff,
    addresses: [LONGEST_HOST],
    found: everythingOf(version, ids),
  });
  return Buffer.concat([probe, Buffer.alloc(Math.max(0, answer.length - probe.length), ' ')]);
};

const everythingOf = (version: ProbeFields['version'], ids: readonly Uint8Array[]): ProbeMatch['found'] => {
  if (version === 2) {
    const ages = ids.map((_, segment) => ({ segment, milliseconds: 0 }));
    return { version, segments: ids.map(() => 'all'), ages };
  }
  const segments = ids.map((id) => ({ id: Buffer.from(id), scope: scopeOf(id), blocks: 0 }));
  return { version, segments };
};
