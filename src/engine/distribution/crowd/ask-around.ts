import type { ClaimAnswer } from './claim-message.js';

/** What a neighbour said; `undefined`: nothing that makes sense. */
export interface Reply {
  readonly peer: string;
  readonly answer: ClaimAnswer | undefined;
}

/** Asks all; resolves when they have answered, or one has said that it has the block or is fetching it. */
export const askAround = (
  peers: readonly string[],
  ask: (peer: string) => Promise<ClaimAnswer | undefined>,
): Promise<readonly Reply[]> =>
  new Promise((resolve, reject) => {
    const replies: Reply[] = [];
    if (peers.length === 0) resolve(replies);
    for (const peer of peers) {
      ask(peer).then((answer) => {
        replies.push({ peer, answer });
        if (replies.length === peers.length || settlesIt(answer)) resolve([...replies]);
      }, reject);
    }
  });

const settlesIt = (answer: ClaimAnswer | undefined): boolean =>
  answer?._tag === 'Here' || (answer?._tag === 'Claimed' && answer.isFetching);
