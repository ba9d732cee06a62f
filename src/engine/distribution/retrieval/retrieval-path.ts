/** Where a peer answers retrieval messages. PCCRR 2.1. */
export const RETRIEVAL_PATH = '/116B50EB-ECE2-41ac-8429-9F9E963361B7/';

const ACCEPTED = /^\/116b50eb-ece2-41ac-8429-9f9e963361b7\/?$/i;

/** Whether a request target is that path, in any case of letters, with or without the last slash. */
export const isRetrievalPath = (target: string): boolean => ACCEPTED.test(target);
