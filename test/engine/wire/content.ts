/** The vectors' content generator G2: `size` bytes without a short period. */
export const generateContent = (size: number): Buffer => {
  const content = Buffer.allocUnsafe(size);
  for (let index = 0; index < size; index += 1) content[index] = Math.imul(index, 2_654_435_761) >>> 24;
  return content;
};

/** `content` cut into runs of `length` bytes. */
export const cut = (content: Buffer, length: number): Buffer[] =>
  Array.from({ length: Math.ceil(content.length / length) }, (_, index) =>
    content.subarray(index * length, (index + 1) * length),
  );
