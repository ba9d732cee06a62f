import { bytes, struct, union } from './layout.js';

/** The structures of p2p.h, peerdist.h and the system headers that cross the boundary, field by field. */

export const PEER_VERSION_DATA = struct('PEER_VERSION_DATA', { wVersion: 'u16', wHighestVersion: 'u16' });

export const PEER_DATA = struct('PEER_DATA', { cbData: 'u32', pbData: 'pointer' });

export const SOCKADDR_IN6 = struct('SOCKADDR_IN6', {
  sin6_family: 'u16',
  sin6_port: 'u16be',
  sin6_flowinfo: 'u32',
  sin6_addr: bytes(16),
  sin6_scope_id: 'u32',
});

export const PEER_ADDRESS = struct('PEER_ADDRESS', { dwSize: 'size', sin6: SOCKADDR_IN6 });

export const PEER_NAME_PAIR = struct('PEER_NAME_PAIR', {
  dwSize: 'size',
  pwzPeerName: 'text',
  pwzFriendlyName: 'text',
});

export const PEER_RECORD = struct('PEER_RECORD', {
  dwSize: 'size',
  type: 'guid',
  id: 'guid',
  dwVersion: 'u32',
  dwFlags: 'u32',
  pwzCreatorId: 'text',
  pwzModifiedById: 'text',
  pwzAttributes: 'text',
  ftCreation: 'fileTime',
  ftExpiration: 'fileTime',
  ftLastModified: 'fileTime',
  securityData: PEER_DATA,
  data: PEER_DATA,
});

export const PEER_CONNECTION_INFO = struct('PEER_CONNECTION_INFO', {
  dwSize: 'size',
  dwFlags: 'u32',
  ullConnectionId: 'u64',
  ullNodeId: 'u64',
  pwzPeerId: 'text',
  address: PEER_ADDRESS,
});

export const PEER_GROUP_PROPERTIES = struct('PEER_GROUP_PROPERTIES', {
  dwSize: 'size',
  dwFlags: 'u32',
  pwzCloud: 'text',
  pwzClassifier: 'text',
  pwzGroupPeerName: 'text',
  pwzCreatorPeerName: 'text',
  pwzFriendlyName: 'text',
  pwzComment: 'text',
  ulMemberDataLifetime: 'u32',
  ulPresenceLifetime: 'u32',
  dwAuthenticationSchemes: 'u32',
  // A pointer, not a text: the password is lent for one call and must never become a JavaScript string.
  pwzGroupPassword: 'pointer',
  groupPasswordRole: 'guid',
});

const CRYPT_OBJID_BLOB = struct('CRYPT_OBJID_BLOB', { cbData: 'u32', pbData: 'pointer' });

const CRYPT_ALGORITHM_IDENTIFIER = struct('CRYPT_ALGORITHM_IDENTIFIER', {
  pszObjId: 'narrowText',
  Parameters: CRYPT_OBJID_BLOB,
});

const CRYPT_BIT_BLOB = struct('CRYPT_BIT_BLOB', { cbData: 'u32', pbData: 'pointer', cUnusedBits: 'u32' });

export const CERT_PUBLIC_KEY_INFO = struct('CERT_PUBLIC_KEY_INFO', {
  Algorithm: CRYPT_ALGORITHM_IDENTIFIER,
  PublicKey: CRYPT_BIT_BLOB,
});

export const PEER_CREDENTIAL_INFO = struct('PEER_CREDENTIAL_INFO', {
  dwSize: 'size',
  dwFlags: 'u32',
  pwzFriendlyName: 'text',
  pPublicKey: 'pointer',
  pwzIssuerPeerName: 'text',
  pwzIssuerFriendlyName: 'text',
  ftValidityStart: 'fileTime',
  ftValidityEnd: 'fileTime',
  cRoles: 'u32',
  pRoles: 'pointer',
});

export const PEER_MEMBER = struct('PEER_MEMBER', {
  dwSize: 'size',
  dwFlags: 'u32',
  pwzIdentity: 'text',
  pwzAttributes: 'text',
  ullNodeId: 'u64',
  cAddresses: 'u32',
  pAddresses: 'pointer',
  pCredentialInfo: 'pointer',
});

export const PEER_INVITATION_INFO = struct('PEER_INVITATION_INFO', {
  dwSize: 'size',
  dwFlags: 'u32',
  pwzCloudName: 'text',
  dwScope: 'u32',
  dwCloudFlags: 'u32',
  pwzGroupPeerName: 'text',
  pwzIssuerPeerName: 'text',
  pwzSubjectPeerName: 'text',
  pwzGroupFriendlyName: 'text',
  pwzIssuerFriendlyName: 'text',
  pwzSubjectFriendlyName: 'text',
  ftValidityStart: 'fileTime',
  ftValidityEnd: 'fileTime',
  cRoles: 'u32',
  pRoles: 'pointer',
  cClassifiers: 'u32',
  ppwzClassifiers: 'pointer',
  pSubjectPublicKey: 'pointer',
  authScheme: 'u32',
});

export const PEER_GROUP_EVENT_REGISTRATION = struct('PEER_GROUP_EVENT_REGISTRATION', {
  eventType: 'u32',
  pType: 'pointer',
});

export const PEER_EVENT_INCOMING_DATA = struct('PEER_EVENT_INCOMING_DATA', {
  dwSize: 'size',
  ullConnectionId: 'u64',
  type: 'guid',
  data: PEER_DATA,
});

export const PEER_EVENT_RECORD_CHANGE_DATA = struct('PEER_EVENT_RECORD_CHANGE_DATA', {
  dwSize: 'size',
  changeType: 'u32',
  recordId: 'guid',
  recordType: 'guid',
});

export const PEER_EVENT_CONNECTION_CHANGE_DATA = struct('PEER_EVENT_CONNECTION_CHANGE_DATA', {
  dwSize: 'size',
  status: 'u32',
  ullConnectionId: 'u64',
  ullNodeId: 'u64',
  ullNextConnectionId: 'u64',
  hrConnectionFailedReason: 'u32',
});

export const PEER_EVENT_MEMBER_CHANGE_DATA = struct('PEER_EVENT_MEMBER_CHANGE_DATA', {
  dwSize: 'size',
  changeType: 'u32',
  pwzIdentity: 'text',
});

export const PEER_GROUP_EVENT_DATA = struct('PEER_GROUP_EVENT_DATA', {
  eventType: 'u32',
  payload: union({
    dwStatus: 'u32',
    incomingData: PEER_EVENT_INCOMING_DATA,
    recordChangeData: PEER_EVENT_RECORD_CHANGE_DATA,
    connectionChangeData: PEER_EVENT_CONNECTION_CHANGE_DATA,
    memberChangeData: PEER_EVENT_MEMBER_CHANGE_DATA,
    hrConnectionFailedReason: 'u32',
  }),
});

export const PEERDIST_STATUS_INFO = struct('PEERDIST_STATUS_INFO', {
  cbSize: 'size',
  status: 'u32',
  dwMinVer: 'u32',
  dwMaxVer: 'u32',
});

export const PEERDIST_PUBLICATION_OPTIONS = struct('PEERDIST_PUBLICATION_OPTIONS', {
  dwVersion: 'u32',
  dwFlags: 'u32',
});

export const PEERDIST_RETRIEVAL_OPTIONS = struct('PEERDIST_RETRIEVAL_OPTIONS', {
  cbSize: 'size',
  dwContentInfoMinVersion: 'u32',
  dwContentInfoMaxVersion: 'u32',
  dwReserved: 'u32',
});

export const PEERDIST_CLIENT_BASIC_INFO = struct('PEERDIST_CLIENT_BASIC_INFO', { fFlashCrowd: 'u32' });

export const OVERLAPPED = struct('OVERLAPPED', {
  Internal: 'u64',
  InternalHigh: 'u64',
  Offset: 'u32',
  OffsetHigh: 'u32',
  hEvent: 'pointer',
});

export const OVERLAPPED_ENTRY = struct('OVERLAPPED_ENTRY', {
  lpCompletionKey: 'u64',
  lpOverlapped: 'pointer',
  Internal: 'u64',
  dwNumberOfBytesTransferred: 'u32',
});
