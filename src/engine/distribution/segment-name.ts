/** Names of the ids asked for last, from the latest one on: the blocks of a segment ask for it one after the other. */
const recent: { readonly id: Uint8Array; readonly name: string }[] = [];
const MOST_RECENT = 4;

/** How a segment is called in events and logs: its public id, which tells nothing about its content. */
export const segmentName = ({ id }: { readonly id: Uint8Array }): string => {
  for (const known of recent) if (known.id === id) return known.name;
  const name = Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('hex');
  if (recent.unshift({ id, name }) > MOST_RECENT) recent.pop();
  return name;
};
