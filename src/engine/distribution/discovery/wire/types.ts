import { DiscoveryMessageError } from './discovery-message-error.js';
import { PEER_DIST, TYPE_NAMES, WSD, type DiscoveryVersion } from './names.js';
import { childrenNamed, wordsOf, type XmlElement } from './xml-element.js';

/** The version that the Types of a Probe or ProbeMatch stand for; `undefined`: it is about another service. */
export const typeOf = (parent: XmlElement): DiscoveryVersion | undefined => {
  for (const types of childrenNamed(parent, WSD, 'Types')) {
    for (const word of wordsOf(types)) {
      const [prefix, name] = word.includes(':') ? (word.split(':', 2) as [string, string]) : ['', word];
      if (types.resolve(prefix) !== PEER_DIST) continue;
      if (name === TYPE_NAMES[1]) return 1;
      if (name === TYPE_NAMES[2]) return 2;
      throw new DiscoveryMessageError('unknown-version', 'a type of a version that is not known');
    }
  }
  return undefined;
};
