/** The bounds of discovery. Times in milliseconds. */
export interface DiscoveryLimits {
  /** How long a Probe waits for answers: 200 to 500 by MS-PCCRD 3.1.2, and never less than `maxBackOffMs` of others. */
  readonly answerTimeoutMs: number;
  /** A Probe that nobody has answered is sent again after this. */
  readonly repeatAfterMs: number;
  /** How often a Probe is sent at most. */
  readonly transmissions: number;
  /** The longest random wait before an answer, APP_MAX_DELAY. MS-PCCRD 3.2.2. */
  readonly maxBackOffMs: number;
  /** How long a peer is believed to have a segment. MS-CCROD 2.8.1.2.2. */
  readonly peerLifetimeMs: number;
  /** How long nobody is asked again for a segment that nobody had. MS-CCROD 2.8.1.2.2. */
  readonly nobodyLifetimeMs: number;
  /** Peers remembered for one segment. */
  readonly peersPerSegment: number;
  /** From that many answers to a Probe of its own on, an engine leaves answering to others. MS-PCCRD 3.2.4.1. */
  readonly enoughAnswers: number;
  /** Bytes of messages read from one source, a second. What reading costs goes by the bytes. */
  readonly bytesPerSource: number;
  /** The same from all sources together, once for Probes and once for answers. */
  readonly bytes: number;
  /** Answers to one source, a second. */
  readonly answersPerSource: number;
}

export const DEFAULT_DISCOVERY_LIMITS: DiscoveryLimits = {
  answerTimeoutMs: 300,
  repeatAfterMs: 80,
  transmissions: 3,
  maxBackOffMs: 65,
  peerLifetimeMs: 15_000,
  nobodyLifetimeMs: 15_000,
  peersPerSegment: 64,
  enoughAnswers: 10,
  bytesPerSource: 131_072,
  bytes: 262_144,
  answersPerSource: 20,
};
