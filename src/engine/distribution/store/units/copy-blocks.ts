import type { Disk } from '../disk/disk.js';
import type { BlockFile } from './block-file.js';
import { lengthOf } from './block-layout.js';
import type { Unit } from './unit.js';

/**
 * Copies the blocks of a unit that are there into a new file, whatever is in them: they are checked when they are read.
 *
 * @returns which ones the file has: one byte per block.
 */
export const copyBlocks = async (
  disk: Disk,
  { unit, present, from }: Readonly<{ unit: Unit; present: Uint8Array; from: BlockFile | undefined }>,
  path: string,
): Promise<Uint8Array> => {
  const copied = new Uint8Array(unit.layout.count);
  const fd = disk.openNew(path);
  try {
    for (let block = 0; from !== undefined && block < copied.length; block += 1) {
      if (present[block] !== 1) continue;
      const at = unit.layout.startOf(block);
      const bytes = Buffer.allocUnsafe(lengthOf(unit.layout, block));
      if ((await disk.read(from.fd, bytes, from.start + at)) < bytes.length) continue;
      await disk.write(fd, [bytes], at);
      copied[block] = 1;
    }
    return copied;
  } finally {
    disk.close(fd);
  }
};
