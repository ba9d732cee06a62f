const SECURED = /^[0-9a-f]{40}$/;
const UNSECURED = '0';
export const MAX_CLASSIFIER = 149;

/** Whether `text` is `authority.classifier`, or a bare secured authority. */
export const isPeerName = (text: string): boolean => {
  const [authority = '', ...rest] = text.split('.');
  const classifier = rest.join('.');
  return (
    (SECURED.test(authority) || (authority === UNSECURED && classifier !== '')) && isClassifier(classifier)
  );
};

export const isClassifier = (text: string): boolean => text.length <= MAX_CLASSIFIER && !text.includes('\0');

export const joinPeerName = (authority: string, classifier: string): string => `${authority}.${classifier}`;

export const authorityIn = (peerName: string): string => peerName.split('.', 1)[0] ?? '';

/** The name of what anybody may claim to be. */
export const unsecuredPeerName = (classifier: string): string => joinPeerName(UNSECURED, classifier);
