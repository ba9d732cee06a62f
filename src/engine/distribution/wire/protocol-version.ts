/** A protocol version. Only majors decide whether two sides understand each other. */
export interface ProtocolVersion {
  readonly major: number;
  readonly minor: number;
}

/** All versions that one side speaks, as it tells when asked. */
export interface VersionRange {
  readonly minVersion: ProtocolVersion;
  readonly maxVersion: ProtocolVersion;
}

const VERSION_1: ProtocolVersion = { major: 1, minor: 0 };
const VERSION_2: ProtocolVersion = { major: 2, minor: 0 };

/** The versions spoken here. 2.0 adds nothing but segment lists. */
export const SPOKEN_VERSIONS: VersionRange = { minVersion: VERSION_1, maxVersion: VERSION_2 };

/** The highest major version that both sides speak; `undefined`: they have none in common. PCCRR 3.1.5.1. */
export const commonMajorVersion = (one: VersionRange, other: VersionRange): number | undefined => {
  const lowest = Math.max(one.minVersion.major, other.minVersion.major);
  const highest = Math.min(one.maxVersion.major, other.maxVersion.major);
  return lowest <= highest ? highest : undefined;
};

export const isSpoken = (version: ProtocolVersion): boolean =>
  commonMajorVersion(SPOKEN_VERSIONS, { minVersion: version, maxVersion: version }) !== undefined;

/** The first message type of version 2. */
const FIRST_TYPE_OF_VERSION_2 = 6;

/** The version belongs to the type of a message, not to who sends it. */
export const versionOfType = (type: number): ProtocolVersion =>
  type < FIRST_TYPE_OF_VERSION_2 ? VERSION_1 : VERSION_2;
