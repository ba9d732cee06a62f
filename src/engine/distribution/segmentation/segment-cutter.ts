/** Tells where a content that comes in pieces of any size is cut into segments of version 2. One for each content. */
export interface SegmentCutter {
  /**
   * Reads on in the content. Answers how many of `bytes` still belong to the segment being cut if it ends with one of
   * them; the rest has then not been read and is to be given again. `undefined`: all of them do, and it goes on.
   */
  cut(bytes: Uint8Array): number | undefined;
}
