import { means, type ErrorMeaning } from './error-meaning.js';

/** The PEERDIST_ codes of winerror.h. */
export const DISTRIBUTION_ERRORS = {
  PEERDIST_ERROR_CONTENTINFO_VERSION_UNSUPPORTED: means(
    'Unsupported',
    'the content information has a version that is not known here',
    'Ask the publisher for content information of version 1.',
  ),
  PEERDIST_ERROR_CANNOT_PARSE_CONTENTINFO: means(
    'Protocol',
    'the content information is damaged',
    'Get it from the publisher again and pass it complete and unchanged.',
  ),
  PEERDIST_ERROR_MISSING_DATA: means(
    'NotFound',
    'neither the local cache nor a peer has the bytes',
    'Fetch them from the origin and add them with addData.',
  ),
  PEERDIST_ERROR_NO_MORE: means('NotFound', 'the end of the content or range is reached', 'Stop reading.'),
  PEERDIST_ERROR_NOT_INITIALIZED: means(
    'NotReady',
    'the set-up is not finished',
    'Complete it first: completeContentInformation before reading, completeStream before content information.',
  ),
  PEERDIST_ERROR_ALREADY_INITIALIZED: means(
    'AlreadyExists',
    'it was set up before',
    'Skip the set-up; use a new handle for other content.',
  ),
  PEERDIST_ERROR_SHUTDOWN_IN_PROGRESS: means(
    'HandleClosed',
    'the session is shutting down',
    'Start a new session.',
  ),
  PEERDIST_ERROR_INVALIDATED: means(
    'Invalidated',
    'the service was disabled or became unavailable, which voided the handle',
    'Wait until distributionStatus emits available, then open the content or publication again.',
  ),
  PEERDIST_ERROR_ALREADY_EXISTS: means(
    'AlreadyExists',
    'content with this id is published already',
    'Unpublish it first, or publish under another id.',
  ),
  PEERDIST_ERROR_OPERATION_NOTFOUND: means(
    'NotFound',
    'there is nothing to cancel',
    'Nothing needs to be done; the operation has finished.',
  ),
  PEERDIST_ERROR_ALREADY_COMPLETED: means(
    'AlreadyExists',
    'this step was done before',
    'Go on with the next step.',
  ),
  PEERDIST_ERROR_OUT_OF_BOUNDS: means(
    'BadArgument',
    'the offset or length reaches past the end of the content',
    'Stay within the length that the content information states.',
  ),
  PEERDIST_ERROR_VERSION_UNSUPPORTED: means(
    'Unsupported',
    'this version of the distribution API is not offered here',
    'Use Windows 7 or later, or the embedded engine.',
  ),
  PEERDIST_ERROR_INVALID_CONFIGURATION: means(
    'System',
    'a setting of the service has a bad value',
    'Correct the BranchCache settings (Get-BCStatus shows them), or reset them with Reset-BC.',
  ),
  PEERDIST_ERROR_NOT_LICENSED: means(
    'Unsupported',
    'this edition of Windows lacks the feature',
    'Use an edition with BranchCache, or the embedded engine.',
  ),
  PEERDIST_ERROR_SERVICE_UNAVAILABLE: means(
    'Unavailable',
    'the distribution service is not ready',
    'Wait until distributionStatus emits available, then try again.',
  ),
  PEERDIST_ERROR_TRUST_FAILURE: means(
    'Protocol',
    'peers that misbehaved are blocked for a while',
    'Fetch the bytes from the origin, or wait and try again.',
  ),
} as const satisfies Readonly<Record<string, ErrorMeaning>>;
