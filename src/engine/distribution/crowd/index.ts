export { MOST_CLAIMED } from './claim-message.js';
export { CLAIM_PATH } from './claim-path.js';
export type { Crowd } from './crowd.js';
export { CrowdService } from './crowd-service.js';
export type { CrowdMember, Waiting } from './member.js';
export { SegmentNumbers } from './segment-numbers.js';
