import { PeerError } from 'peerweave';
import { parseContentInformation } from 'peerweave/engine';

/** What the content information in a file says. @throws PeerError Protocol if it says nothing. */
export const describedContent = (
  file: string,
  bytes: Uint8Array,
  operation: string,
): ReturnType<typeof parseContentInformation> => {
  try {
    return parseContentInformation(bytes);
  } catch (thrown) {
    throw new PeerError({
      tag: 'Protocol',
      code: 'PEERDIST_ERROR_CANNOT_PARSE_CONTENTINFO',
      operation,
      what: `${file}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      advice: 'Get the file again from whoever publishes the content.',
      cause: thrown,
    });
  }
};
