import { resolveCloud, scopeOfCloud } from '../clouds.js';
import { Refusal } from '../refusal.js';
import { bytesAt, expectShape, textAt } from './fields.js';
import { Malformed } from './malformed.js';
import { readXml, writeXml, type XmlDocument, type XmlField } from './xml.js';

const INVITATION = 'PEERINVITATION';
const CONFIG = 'PEERGROUPCONFIG';
const CERTIFICATE_VERSION = '1.0';
const PASSWORD_VERSION = '1.1';
const CONFIG_VERSION = '1.0';

const SCOPE_NAMES = { global: 'GLOBAL', 'site-local': 'SITELOCAL', 'link-local': 'LINKLOCAL' } as const;

const cloudFields = (cloud: string): XmlField[] => {
  const { scope, flags } = scopeOfCloud(cloud);
  return [
    ['CLOUDNAME', cloud],
    ['SCOPE', SCOPE_NAMES[scope]],
    ['CLOUDFLAGS', String(flags)],
  ];
};

/** The cloud's name; scope and flags follow from it and must agree. */
const cloudAt = (document: XmlDocument, index: number): string => {
  const cloud = resolveCloud(textAt(document, index, 'CLOUDNAME'));
  const { scope, flags } = scopeOfCloud(cloud);
  const agrees =
    textAt(document, index + 1, 'SCOPE') === SCOPE_NAMES[scope] &&
    textAt(document, index + 2, 'CLOUDFLAGS') === String(flags);
  if (!agrees) throw new Malformed('CLOUDNAME, SCOPE and CLOUDFLAGS contradict each other');
  return cloud;
};

export type Invitation =
  | { readonly _tag: 'Certificate'; readonly cloud: string; readonly chain: Uint8Array }
  | {
      readonly _tag: 'Password';
      readonly cloud: string;
      readonly groupPeerName: string;
      readonly groupFriendlyName: string;
    };

/** PEERINVITATION, with a PKCS#7 chain for one invitee or for anybody who knows the password. */
export const writeInvitation = (invitation: Invitation): string =>
  writeXml(
    invitation._tag === 'Certificate'
      ? {
          root: INVITATION,
          version: CERTIFICATE_VERSION,
          fields: [...cloudFields(invitation.cloud), ['GMC', invitation.chain]],
        }
      : {
          root: INVITATION,
          version: PASSWORD_VERSION,
          fields: [
            ...cloudFields(invitation.cloud),
            ['GROUPPEERNAME', invitation.groupPeerName],
            ['GROUPFRIENDLYNAME', invitation.groupFriendlyName],
          ],
        },
  );

export const readInvitation = (xml: string): Invitation => {
  const document = readXml(xml);
  if (document.root === INVITATION && document.version === CERTIFICATE_VERSION) {
    expectShape(document, INVITATION, CERTIFICATE_VERSION, 4);
    return { _tag: 'Certificate', cloud: cloudAt(document, 0), chain: bytesAt(document, 3, 'GMC') };
  }
  if (document.root === INVITATION && document.version !== PASSWORD_VERSION)
    throw new Refusal(
      'PEER_E_UNSUPPORTED_VERSION',
      `the invitation has version '${document.version}'; 1.0 and 1.1 are known`,
    );
  expectShape(document, INVITATION, PASSWORD_VERSION, 5);
  return {
    _tag: 'Password',
    cloud: cloudAt(document, 0),
    groupPeerName: textAt(document, 3, 'GROUPPEERNAME'),
    groupFriendlyName: textAt(document, 4, 'GROUPFRIENDLYNAME'),
  };
};

export interface GroupConfig {
  readonly identity: string;
  readonly groupPeerName: string;
  readonly cloud: string;
  /** The membership, sealed under the configuration's password. */
  readonly membership: Uint8Array;
}

/** PEERGROUPCONFIG: a membership on its way to another installation of the same identity. */
export const writeGroupConfig = (config: GroupConfig): string =>
  writeXml({
    root: CONFIG,
    version: CONFIG_VERSION,
    fields: [
      ['IDENTITYPEERNAME', config.identity],
      ['GROUPPEERNAME', config.groupPeerName],
      ...cloudFields(config.cloud),
      ['GMC', config.membership],
    ],
  });

export const readGroupConfig = (xml: string): GroupConfig => {
  const document = readXml(xml);
  expectShape(document, CONFIG, CONFIG_VERSION, 6);
  return {
    identity: textAt(document, 0, 'IDENTITYPEERNAME'),
    groupPeerName: textAt(document, 1, 'GROUPPEERNAME'),
    cloud: cloudAt(document, 2),
    membership: bytesAt(document, 5, 'GMC'),
  };
};
