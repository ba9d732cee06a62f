import type { GroupAuthentication, GroupCreation, GroupingDriver, GroupProperties } from '../driver/index.js';
import type { GroupingContext } from './grouping-context.js';
import { faultOf, type OperationName } from './operations.js';
import { isClassifier } from './peer-name.js';
import { isEmptySecret } from './sealed-xml.js';

const MAX_TEXT = 255;
const DEFAULT_MEMBER_DATA_LIFETIME = 2_419_200;
const DEFAULT_PRESENCE_LIFETIME = 300;

const isLifetime = (seconds: number): boolean => Number.isSafeInteger(seconds) && seconds >= 0;

const checkTexts = (
  operation: OperationName,
  { friendlyName = '', comment = '', memberDataLifetime = 0, presenceLifetime = 0 }: Partial<GroupProperties>,
): void => {
  const wrong =
    (friendlyName.length > MAX_TEXT && `a friendly name has ${MAX_TEXT} characters at most`) ||
    (comment.length > MAX_TEXT && `a comment has ${MAX_TEXT} characters at most`) ||
    (!isLifetime(memberDataLifetime) && 'the member data lifetime is no number of seconds') ||
    (!isLifetime(presenceLifetime) && 'the presence lifetime is no number of seconds');
  if (wrong !== false) throw faultOf(operation, 'PEER_E_INVALID_GROUP_PROPERTIES', wrong);
};

const checkAuthentication = (operation: OperationName, authentication: GroupAuthentication): void => {
  const { certificate, password, groupPassword, passwordRole } = authentication;
  if (!certificate && !password)
    throw faultOf(operation, 'PEER_E_INVALID_GROUP_PROPERTIES', 'neither certificates nor a password');
  if (password !== (groupPassword !== undefined) || password !== (passwordRole !== undefined))
    throw faultOf(
      operation,
      'PEER_E_INVALID_GROUP_PROPERTIES',
      'password authentication and password and role belong together',
    );
  if (groupPassword !== undefined && isEmptySecret(groupPassword))
    throw faultOf(operation, 'PEER_E_PASSWORD_DOES_NOT_MEET_POLICY', 'the password is empty');
};

const CERTIFICATES_ONLY: GroupAuthentication = { certificate: true, password: false };

/** The properties of a new group. @throws the fault of the first rule that `creation` breaks. */
export const propertiesOf = (
  operation: OperationName,
  creation: GroupCreation,
  groupPeerName: string,
  cloud: string,
): GroupProperties => {
  if (creation.classifier !== undefined && !isClassifier(creation.classifier))
    throw faultOf(operation, 'PEER_E_INVALID_CLASSIFIER');
  const authentication = creation.authentication ?? CERTIFICATES_ONLY;
  const { memberDataLifetime = 0, presenceLifetime = 0, friendlyName, comment } = creation;
  checkTexts(operation, { friendlyName, comment, memberDataLifetime, presenceLifetime });
  checkAuthentication(operation, authentication);
  const { certificate, password, passwordRole } = authentication;
  return {
    groupPeerName,
    creatorPeerName: creation.creatorPeerName,
    cloud,
    classifier: creation.classifier,
    friendlyName,
    comment,
    memberDataLifetime: memberDataLifetime === 0 ? DEFAULT_MEMBER_DATA_LIFETIME : memberDataLifetime,
    presenceLifetime: Math.max(presenceLifetime, DEFAULT_PRESENCE_LIFETIME),
    memberDataOptional: creation.memberDataOptional ?? false,
    disablePresence: creation.disablePresence ?? false,
    deferExpiration: creation.deferExpiration ?? false,
    authentication: { certificate, password, ...(passwordRole === undefined ? {} : { passwordRole }) },
  };
};

const IMMUTABLE = [
  'groupPeerName',
  'creatorPeerName',
  'cloud',
  'classifier',
  'memberDataLifetime',
  'presenceLifetime',
] as const;

export const createGroupProperties = (
  grouping: GroupingContext,
): Pick<GroupingDriver, 'getProperties' | 'setProperties'> => ({
  getProperties: (handle) =>
    grouping.fake.gate.run(
      'grouping.getProperties',
      undefined,
      () => grouping.useReady('grouping.getProperties', handle).group.properties,
    ),

  setProperties: (handle, properties) =>
    grouping.fake.gate.run('grouping.setProperties', undefined, () => {
      const operation = 'grouping.setProperties';
      const membership = grouping.useReady(operation, handle);
      const { group } = membership;
      if (group.properties.creatorPeerName !== membership.identity)
        throw faultOf(operation, 'PEER_E_NOT_AUTHORIZED', 'only the creator changes properties');
      const changed = IMMUTABLE.find((name) => properties[name] !== group.properties[name]);
      if (changed !== undefined)
        throw faultOf(operation, 'PEER_E_INVALID_GROUP_PROPERTIES', `${changed} cannot change`);
      checkTexts(operation, properties);
      group.properties = { ...properties, authentication: group.properties.authentication };
      for (const member of membership.online ? [membership, ...membership.reachable] : [membership])
        member.post({ _tag: 'PropertyChanged' });
    }),
});
