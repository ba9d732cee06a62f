import { parseGuid, type GroupProperties } from '../../../driver/index.js';
import { DamagedRecord, decodeRecord, encodeRecord, RecordReader } from './record.js';

/** What one identity keeps of one group. */
export interface StoredGroup {
  /** Random; tells this group apart from one of the same name that was deleted and made anew. */
  readonly instance: string;
  readonly groupPeerName: string;
  readonly identity: string;
  readonly cloud: string;
  readonly friendlyName: string;
  /** Certificates from the group root to this identity, DER; none before a password joiner has first connected. */
  readonly chain: readonly Uint8Array[];
  /** Unknown to a joiner before the first synchronisation. */
  readonly properties: GroupProperties | undefined;
  /** Derived from the group's password. */
  readonly passwordVerifier: string | undefined;
}

const readProperties = (body: RecordReader): GroupProperties => ({
  groupPeerName: body.text('groupPeerName'),
  creatorPeerName: body.text('creatorPeerName'),
  cloud: body.optionalText('cloud'),
  // Former versions kept an empty one for none.
  classifier: body.optionalText('classifier') === '' ? undefined : body.optionalText('classifier'),
  friendlyName: body.optionalText('friendlyName'),
  comment: body.optionalText('comment'),
  memberDataLifetime: body.number('memberDataLifetime'),
  presenceLifetime: body.number('presenceLifetime'),
  memberDataOptional: body.flag('memberDataOptional'),
  disablePresence: body.flag('disablePresence'),
  deferExpiration: body.flag('deferExpiration'),
  authentication: {
    certificate: body.flag('certificateScheme'),
    password: body.flag('passwordScheme'),
    passwordRole: parseGuid(body.optionalText('passwordRole') ?? ''),
  },
});

const writeProperties = ({ authentication, ...properties }: GroupProperties): object => ({
  ...properties,
  certificateScheme: authentication.certificate,
  passwordScheme: authentication.password,
  passwordRole: authentication.passwordRole,
});

export const encodeGroup = (group: StoredGroup): Uint8Array =>
  encodeRecord('group', {
    ...group,
    chain: group.chain.map((der) => Buffer.from(der).toString('base64')),
    properties: group.properties === undefined ? undefined : writeProperties(group.properties),
  });

/** @throws DamagedRecord */
export const decodeGroup = (bytes: Uint8Array | undefined): StoredGroup => {
  if (bytes === undefined) throw new DamagedRecord('its record is missing');
  const body = new RecordReader(decodeRecord('group', bytes));
  const properties = body.optionalReader('properties');
  return {
    instance: body.text('instance'),
    groupPeerName: body.text('groupPeerName'),
    identity: body.text('identity'),
    cloud: body.text('cloud'),
    friendlyName: body.text('friendlyName'),
    chain: body.texts('chain').map((der) => Uint8Array.from(Buffer.from(der, 'base64'))),
    properties: properties === undefined ? undefined : readProperties(properties),
    passwordVerifier: body.optionalText('passwordVerifier'),
  };
};
