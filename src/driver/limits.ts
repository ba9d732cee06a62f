/**
 * Bounds of the APIs, as their pages, headers and specifications state them. Where two sources disagree the reference
 * page is followed and the comment gives the other.
 */
export const LIMITS = {
  /** UTF-16 units without the NUL. */
  'identity.classifier.max': 149,
  /** UTF-16 units without the NUL. */
  'identity.friendlyName.max': 255,
  /** Lowercase hex digits (SHA-1 of public key) or the single digit 0. */
  'identity.authority.length': 40,
  /** Bits, AT_KEYEXCHANGE. */
  'identity.key.minBits': 1024,
  /** UTF-16 units without the NUL (40 + 1 + 149, derived); the PEER_GROUP_PROPERTIES page says 137. */
  'peerName.secure.max': 190,
  /** UTF-16 units without the NUL. */
  'group.classifier.max': 149,
  /** UTF-16 units; MS-PPSEC stored field: 254 bytes, i.e. 126 UTF-16 units + NUL. */
  'group.friendlyName.max': 255,
  /** UTF-16 units; MS-PPSEC record field allows 1024 bytes. */
  'group.comment.max': 255,
  /** Seconds. */
  'group.memberDataLifetime.default': 2419200,
  /** Seconds; MS-PPSEC 2280. */
  'group.memberDataLifetime.min': 28800,
  /** Seconds (10 years of 365 days, derived); MS-PPSEC 31536000. */
  'group.memberDataLifetime.max': 315360000,
  /** Seconds. */
  'group.presenceLifetime.default': 300,
  /** Seconds; lower is undefined. */
  'group.presenceLifetime.min': 300,
  /** Certificates. */
  'gmc.chain.max': 24,
  /** Years. */
  'gmc.infinite': 1000,
  /** Bytes, payload plus attributes (60 MiB). */
  'record.max': 62914560,
  /** Seconds; shorter is undefined. */
  'record.autorefresh.minExpiry': 240,
  /** Characters, alphanumeric. */
  'record.attributeName.max': 40,
  /** Seconds. */
  'connect.timeout.recommended': 30,
  /** Bytes. */
  'peerdist.contentTag.size': 16,
  /** Milliseconds, when 0xFFFFFFFE is passed. */
  'peerdist.readTimeout.default': 5000,
  /** Active per PeerDistStartup session. */
  'peerdist.statusRegistrations.max': 1,
  /** Per stream handle. */
  'peerdist.addToStream.outstanding.max': 1,
  /** Per content handle. */
  'peerdist.addContentInformation.outstanding.max': 1,
  /** Bytes. */
  'contentInfo.v1.segment': 33554432,
  /** Bytes. */
  'contentInfo.v1.block': 65536,
  /** Bytes. */
  'contentInfo.v2.segment.max': 131072,
  /** Handles per WaitForMultipleObjects. */
  'wait.handles.max': 64,
  /** Bytes; buffer length must be a multiple. */
  'cryptProtectMemory.block': 16,
} as const;
