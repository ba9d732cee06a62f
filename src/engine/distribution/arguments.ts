import { isAbsolute } from 'node:path';
import { win32Fault, type DriverFault } from '../../driver/index.js';

const invalid = (operation: string, reason: string): DriverFault =>
  win32Fault(operation, 'ERROR_INVALID_PARAMETER', { reason });

/** Refuses what is not a whole number of bytes or milliseconds from `least` on. */
export const requireWhole = (operation: string, name: string, value: number, least = 0): void => {
  if (!Number.isSafeInteger(value) || value < least) {
    throw invalid(operation, `${name} must be a whole number from ${least} on, not ${value}`);
  }
};

/** Refuses an empty content id. */
export const requireContentId = (operation: string, contentId: Uint8Array): void => {
  if (contentId.length === 0) throw invalid(operation, 'a content id has one byte or more');
};

/** Refuses a path that would be another one in another working directory. */
export const requireAbsolute = (operation: string, path: string): void => {
  if (!isAbsolute(path)) throw invalid(operation, `the path of a file must be absolute, not ${path}`);
};

const TAG_LENGTH = 16;

/** Refuses a content tag that is not of 16 bytes. */
export const requireTag = (operation: string, tag: Uint8Array): void => {
  if (tag.length !== TAG_LENGTH) {
    throw invalid(operation, `a content tag has ${TAG_LENGTH} bytes, not ${tag.length}`);
  }
};

/** Refuses versions of content information from `least` to `most` that are no range. */
export const requireVersions = (operation: string, least: number, most: number): void => {
  if (least > most) throw invalid(operation, `versions from ${least} to ${most} are no range`);
};

/** Refuses a version of content information that there is not, and a way of cutting that it has not. */
export const requirePublicationVersion = (
  operation: string,
  version: number,
  segmentation: string | undefined,
): void => {
  if (version !== 1 && version !== 2) throw invalid(operation, `there is no version ${version}`);
  if (segmentation === undefined) return;
  if (version === 1) throw invalid(operation, 'content of version 1 cannot be cut otherwise than evenly');
  if (segmentation !== 'fastcdc' && segmentation !== 'fixed') {
    throw invalid(operation, `${JSON.stringify(segmentation)} is no way to cut content`);
  }
};

export { invalid as invalidArgument };
