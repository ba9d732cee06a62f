import type { ReceivedHeaders } from './dispatch-types.js';

export const toHeaders = (received: ReceivedHeaders): Headers => {
  const headers = new Headers();
  for (const [name, value = []] of Object.entries(received)) {
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one);
  }
  return headers;
};
