import { DiscoveryMessageError } from './discovery-message-error.js';
import { CROWD, PEER_DIST, TYPE_NAMES, WSD, type ProbeVersion } from './names.js';
import { childrenNamed, wordsOf, type XmlElement } from './xml-element.js';

const VERSIONS: ReadonlyMap<string, readonly ProbeVersion[]> = new Map([
  [PEER_DIST, [1, 2]],
  [CROWD, ['crowd']],
]);

/** The version that the Types of a Probe or ProbeMatch stand for; `undefined`: it is about another service. */
export const typeOf = (parent: XmlElement): ProbeVersion | undefined => {
  for (const types of childrenNamed(parent, WSD, 'Types')) {
    for (const word of wordsOf(types)) {
      const [prefix, name] = word.includes(':') ? (word.split(':', 2) as [string, string]) : ['', word];
      const versions = VERSIONS.get(types.resolve(prefix) ?? '');
      if (versions === undefined) continue;
      const version = versions.find((known) => TYPE_NAMES[known] === name);
      if (version !== undefined) return version;
      throw new DiscoveryMessageError('unknown-version', 'a type of a version that is not known');
    }
  }
  return undefined;
};
