/** Why bytes are no discovery message that is acted on. */
export type DiscoveryMessageProblem = 'malformed' | 'too-large' | 'unknown-version';

/** The only thing that decoding a discovery message throws. */
export class DiscoveryMessageError extends Error {
  constructor(
    readonly problem: DiscoveryMessageProblem,
    detail: string,
  ) {
    super(detail);
    this.name = 'DiscoveryMessageError';
  }
}

/** A {@link DiscoveryMessageError} for what does not follow the formats. */
export const malformed = (detail: string): DiscoveryMessageError =>
  new DiscoveryMessageError('malformed', detail);
