import { readIfPresent } from './data-directory.js';
import { DamagedRecord, decodeRecord, encodeRecord, RecordReader } from './record.js';

/** Which peer name a directory stands for, in a file of its own. */
export const encodeName = (peerName: string): Uint8Array => encodeRecord('name', { peerName });

/** The name in such a file, `undefined` if it is missing or damaged. */
export const readName = async (path: string): Promise<string | undefined> => {
  try {
    const bytes = await readIfPresent(path);
    if (bytes === undefined) return undefined;
    return new RecordReader(decodeRecord('name', bytes)).text('peerName');
  } catch (error) {
    if (error instanceof DamagedRecord) return undefined;
    throw error;
  }
};
