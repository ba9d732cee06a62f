const PEER_NAME = /^(?:0|[0-9a-f]{40})\.[^\0]*$/s;
const UNSECURED = '0';
const MAX_CLASSIFIER = 149;

export const isClassifier = (text: string): boolean => text.length <= MAX_CLASSIFIER && !text.includes('\0');

/** `authority.classifier`; the dot is there without a classifier too. */
export const joinPeerName = (authority: string, classifier = ''): string => `${authority}.${classifier}`;

export const isPeerName = (text: string): boolean =>
  PEER_NAME.test(text) && isClassifier(text.slice(text.indexOf('.') + 1));

export const authorityIn = (peerName: string): string => peerName.slice(0, peerName.indexOf('.'));

/** The name of what anybody may claim to be. */
export const unsecuredPeerName = (classifier: string): string => joinPeerName(UNSECURED, classifier);
