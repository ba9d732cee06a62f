/** Where an engine answers the questions of its neighbours; those that know no such questions have nothing there. */
export const CLAIM_PATH = '/peerweave/claims';
