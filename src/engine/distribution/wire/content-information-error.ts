/** `malformed`: damaged, contradictory or hostile. `version-unsupported`: a version this engine does not read. */
export type ContentInformationErrorCode = 'malformed' | 'version-unsupported';

/** The only thing that reading content information throws. */
export class ContentInformationError extends Error {
  constructor(
    readonly code: ContentInformationErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'ContentInformationError';
  }
}

/** Content information that cannot be right, and why. */
export const malformed = (reason: string): ContentInformationError =>
  new ContentInformationError('malformed', `content information is malformed: ${reason}`);
