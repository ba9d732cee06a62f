/**
 * How a publisher cuts content into segments of version 2.
 *
 * - `fastcdc`: where the content itself says so; a changed content shares all segments but those around the changes.
 * - `fixed`: every 128 KiB, the greatest length there is, as each segment costs a description and a request; for content
 *   that only ever changes as a whole, or whose changes move nothing.
 */
export type Segmentation = 'fastcdc' | 'fixed';
