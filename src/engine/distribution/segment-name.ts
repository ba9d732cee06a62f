const names = new WeakMap<Uint8Array, string>();

/** How a segment is called in events and logs: its public id, which tells nothing about its content. */
export const segmentName = ({ id }: { readonly id: Uint8Array }): string => {
  const known = names.get(id);
  if (known !== undefined) return known;
  const name = Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('hex');
  names.set(id, name);
  return name;
};
