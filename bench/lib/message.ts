import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** The next message from another process. */
export const message = async <Message>(from: ChildProcess | NodeJS.Process): Promise<Message> => {
  const [received] = (await once(from, 'message')) as [Message];
  return received;
};
