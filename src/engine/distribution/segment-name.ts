import type { SegmentInfo } from './ports.js';

/** How a segment is called in events: its public id in hex. */
export const segmentName = ({ id }: Pick<SegmentInfo, 'id'>): string => Buffer.from(id).toString('hex');
