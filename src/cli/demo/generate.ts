import { createCipheriv, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const PIECE = 1024 * 1024;

/** Writes a file of bytes that no two blocks share and that do not compress: the key stream of a fresh cipher. */
export const generateFile = async (path: string, mebibytes: number, signal: AbortSignal): Promise<void> => {
  const cipher = createCipheriv('aes-128-ctr', randomBytes(16), randomBytes(16));
  const zeros = Buffer.alloc(PIECE);
  const pieces = function* (): Generator<Buffer> {
    for (let count = 0; count < mebibytes; count += 1) yield cipher.update(zeros);
  };
  await pipeline(Readable.from(pieces()), createWriteStream(path), { signal });
};
