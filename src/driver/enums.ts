/**
 * Enumerations of p2p.h and PeerDist.h under the names of the headers, with the values of the headers; see the contract
 * for the words that stand for them.
 */

export const PEER_RECORD_CHANGE_TYPE = {
  PEER_RECORD_ADDED: 1,
  PEER_RECORD_UPDATED: 2,
  PEER_RECORD_DELETED: 3,
  PEER_RECORD_EXPIRED: 4,
} as const;

/** What became of a connection. */
export const PEER_CONNECTION_STATUS = {
  PEER_CONNECTED: 1,
  PEER_DISCONNECTED: 2,
  PEER_CONNECTION_FAILED: 3,
} as const;

/** Flags. */
export const PEER_CONNECTION_FLAGS = {
  PEER_CONNECTION_NEIGHBOR: 1,
  PEER_CONNECTION_DIRECT: 2,
} as const;

/** Flags. */
export const PEER_RECORD_FLAGS = {
  PEER_RECORD_FLAG_AUTOREFRESH: 1,
  PEER_RECORD_FLAG_DELETED: 2,
} as const;

/** Also the scope of an invitation. */
export const PEER_GRAPH_SCOPE = {
  PEER_GRAPH_SCOPE_ANY: 0,
  PEER_GRAPH_SCOPE_GLOBAL: 1,
  PEER_GRAPH_SCOPE_SITELOCAL: 2,
  PEER_GRAPH_SCOPE_LINKLOCAL: 3,
  PEER_GRAPH_SCOPE_LOOPBACK: 4,
} as const;

/** 7 and 9 belong to graphing. */
export const PEER_GROUP_EVENT_TYPE = {
  PEER_GROUP_EVENT_STATUS_CHANGED: 1,
  PEER_GROUP_EVENT_PROPERTY_CHANGED: 2,
  PEER_GROUP_EVENT_RECORD_CHANGED: 3,
  PEER_GROUP_EVENT_DIRECT_CONNECTION: 4,
  PEER_GROUP_EVENT_NEIGHBOR_CONNECTION: 5,
  PEER_GROUP_EVENT_INCOMING_DATA: 6,
  PEER_GROUP_EVENT_MEMBER_CHANGED: 8,
  PEER_GROUP_EVENT_CONNECTION_FAILED: 10,
  PEER_GROUP_EVENT_AUTHENTICATION_FAILED: 11,
} as const;

/** Flags; 0 is offline. */
export const PEER_GROUP_STATUS = {
  PEER_GROUP_STATUS_LISTENING: 1,
  PEER_GROUP_STATUS_HAS_CONNECTIONS: 2,
} as const;

/** Flags. */
export const PEER_GROUP_PROPERTY_FLAGS = {
  PEER_MEMBER_DATA_OPTIONAL: 1,
  PEER_DISABLE_PRESENCE: 2,
  PEER_DEFER_EXPIRATION: 4,
} as const;

/** Flags. One page gives the password scheme as 1; the header says 2. */
export const PEER_GROUP_AUTHENTICATION_SCHEME = {
  PEER_GROUP_GMC_AUTHENTICATION: 1,
  PEER_GROUP_PASSWORD_AUTHENTICATION: 2,
} as const;

/** Flags. */
export const PEER_MEMBER_FLAGS = {
  PEER_MEMBER_PRESENT: 1,
} as const;

/** PEER_MEMBER_LEFT is never sent. */
export const PEER_MEMBER_CHANGE_TYPE = {
  PEER_MEMBER_CONNECTED: 1,
  PEER_MEMBER_DISCONNECTED: 2,
  PEER_MEMBER_UPDATED: 3,
  PEER_MEMBER_JOINED: 4,
  PEER_MEMBER_LEFT: 5,
} as const;

/** Flags. */
export const PEER_GROUP_ISSUE_CREDENTIAL_FLAGS = {
  PEER_GROUP_STORE_CREDENTIALS: 1,
} as const;

/** Whether the distribution service serves requests. */
export const PEERDIST_STATUS = {
  PEERDIST_STATUS_DISABLED: 0,
  PEERDIST_STATUS_UNAVAILABLE: 1,
  PEERDIST_STATUS_AVAILABLE: 2,
} as const;

/** What PeerDistClientGetInformationByHandle can tell. */
export const PEERDIST_CLIENT_INFO_BY_HANDLE_CLASS = {
  PeerDistClientBasicInfo: 0,
  MaximumPeerDistClientInfoByHandlesClass: 1,
} as const;
