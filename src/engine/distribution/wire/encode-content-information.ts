import type { ContentInformation } from './content-information.js';
import { encodeContentInformationV1 } from './content-information-v1.js';
import { encodeContentInformationV2 } from './content-information-v2.js';
import { versionOf } from './units.js';

/** Writes content information in the version that its hash tells. */
export const encodeContentInformation = (information: ContentInformation): Buffer =>
  versionOf(information.hash) === 2
    ? encodeContentInformationV2(information)
    : encodeContentInformationV1(information);
