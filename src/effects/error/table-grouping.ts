import { means, type ErrorMeaning } from './error-meaning.js';

/** The PEER_ codes of grouping and identity. */
export const GROUPING_ERRORS = {
  // Environment
  PEER_E_IPV6_NOT_INSTALLED: means(
    'Unsupported',
    'IPv6 is not installed',
    'Install IPv6 on a network adapter, or use the embedded engine.',
  ),
  PEER_E_NOT_INITIALIZED: means(
    'NotReady',
    'peer grouping was not started',
    'Call it inside a peer session; if you did, the session has been shut down.',
  ),
  PEER_E_CANNOT_START_SERVICE: means(
    'Unavailable',
    'a service that peer grouping needs does not start',
    'Enable and start p2psvc, p2pimsvc and PNRPSvc, then try again.',
  ),
  PEER_E_NOT_LICENSED: means(
    'Unsupported',
    'this edition of Windows may not run peer networking',
    'Use another edition of Windows, or the embedded engine.',
  ),
  PEER_E_UNSUPPORTED_VERSION: means(
    'Unsupported',
    'the version that was asked for is not offered here',
    'Use a system or an invitation of a version that both sides know; `peerweave doctor` shows what this one has.',
  ),
  PEER_E_SERVICE_NOT_AVAILABLE: means(
    'Unavailable',
    'the peer service does not run',
    'Start p2psvc and its dependencies, then try again.',
  ),
  PEER_E_CERT_STORE_CORRUPTED: means(
    'System',
    "the user's store of peer certificates is damaged",
    'Delete idstore.sst in %APPDATA%\\PeerNetworking; identities are lost unless they were exported.',
  ),
  // Handles and state of a group
  PEER_E_INVALID_GROUP: means(
    'HandleClosed',
    'the group handle is not open',
    'Open the group again; the handle was closed or the group was deleted, perhaps by another process.',
  ),
  PEER_E_EVENT_HANDLE_NOT_FOUND: means(
    'HandleClosed',
    'the event registration is not known',
    'Register for the events again.',
  ),
  PEER_E_GROUP_NOT_READY: means(
    'NotReady',
    'the database of the group has not synchronised yet',
    'Connect the group and wait for its first StatusChanged event with connections, then try again.',
  ),
  PEER_E_GROUP_IN_USE: means(
    'AlreadyExists',
    'the group is open or connected already',
    'Close it everywhere first; import a database before connecting.',
  ),
  PEER_E_NOT_FOUND: means(
    'NotFound',
    'the identity, the group or the item does not exist',
    'Check the peer name against the listing of identities or groups.',
  ),
  PEER_E_ALREADY_EXISTS: means(
    'AlreadyExists',
    'the same identity or configuration is stored already',
    'Delete the stored one first, choose another classifier, or import a configuration with overwrite.',
  ),
  PEER_E_DISK_FULL: means('System', 'the disk is full', 'Free disk space and try again.'),
  PEER_E_NO_MORE: means(
    'NotFound',
    'the listing has no more items',
    'Stop reading; this is the end of the listing.',
  ),
  // Names and properties
  PEER_E_INVALID_PEER_NAME: means(
    'BadArgument',
    'the peer name is malformed',
    'Pass a name as it was given out: 40 lower-case hex digits or 0, a full stop, a classifier.',
  ),
  PEER_E_INVALID_CLASSIFIER: means(
    'BadArgument',
    'the classifier is malformed',
    'Use up to 149 characters without NUL.',
  ),
  PEER_E_CLASSIFIER_TOO_LONG: means('BadArgument', 'the classifier is too long', 'Use up to 149 characters.'),
  PEER_E_INVALID_CLASSIFIER_PROPERTY: means(
    'BadArgument',
    'the classifier among the properties is not acceptable',
    'Leave the classifier as it was; it cannot change after creation.',
  ),
  PEER_E_INVALID_FRIENDLY_NAME: means(
    'BadArgument',
    'the friendly name is not acceptable',
    'Use up to 255 characters without NUL.',
  ),
  PEER_E_INVALID_GROUP_PROPERTIES: means(
    'BadArgument',
    'the group properties have a value that is not allowed',
    'Check lifetimes, authentication and names; names, cloud, classifier and lifetimes cannot change after creation.',
  ),
  PEER_E_INVALID_ROLE_PROPERTY: means(
    'BadArgument',
    'the role is not acceptable',
    'Use one of the roles admin, inviting member or member, not above your own.',
  ),
  PEER_E_PASSWORD_DOES_NOT_MEET_POLICY: means(
    'BadArgument',
    'the group password is too weak for the password policy',
    'Choose a longer password with more kinds of characters.',
  ),
  // Identities, keys and certificates
  PEER_E_IDENTITY_NOT_FOUND: means(
    'NotFound',
    'the identity or its stored credentials do not exist',
    'Check the peer name; to issue credentials to a member that the group does not know, pass its credential.',
  ),
  PEER_E_IDENTITY_DELETED: means(
    'NotFound',
    'the issuing or the invited identity was deleted',
    'Use an identity that exists; ask the invitee for a new identity text.',
  ),
  PEER_E_TOO_MANY_IDENTITIES: means(
    'System',
    'the user has as many identities as the system allows',
    'Delete identities that are no longer used.',
  ),
  PEER_E_NO_KEY_ACCESS: means(
    'AccessDenied',
    'the private key of the identity or group cannot be used',
    'Run as the user who owns the identity, with the profile loaded and not as a guest.',
  ),
  PEER_E_GROUPS_EXIST: means('NotReady', 'the identity still has groups', 'Delete its groups first.'),
  PEER_E_INVALID_CREDENTIAL_INFO: means(
    'BadArgument',
    'the credential is not acceptable',
    'Check its public key (128 bytes or more), its roles and that it starts later than the current one.',
  ),
  PEER_E_INVALID_CREDENTIAL: means(
    'Protocol',
    'the credential fails its checks',
    'Ask the issuer for a new one.',
  ),
  PEER_E_INVALID_TIME_PERIOD: means(
    'AccessDenied',
    'the validity dates do not hold now',
    'Check the clocks of both machines; if they are right, ask for a new invitation.',
  ),
  PEER_E_INVITATION_NOT_TRUSTED: means(
    'AccessDenied',
    'the invitation fails its checks',
    'Check that it is complete and was made for this identity; otherwise ask the issuer for a new one.',
  ),
  PEER_E_CHAIN_TOO_LONG: means(
    'Protocol',
    'the chain of invitations is deeper than 24',
    'Ask somebody nearer to the creator for the invitation.',
  ),
  PEER_E_CIRCULAR_CHAIN_DETECTED: means(
    'Protocol',
    'the chain of certificates loops',
    'Do not trust this invitation; ask the creator for another one.',
  ),
  PEER_E_NOT_AUTHORIZED: means(
    'AccessDenied',
    'the role does not permit this',
    'Ask an administrator of the group; only its creator changes properties, and the types of the system are reserved.',
  ),
  PEER_E_DEFERRED_VALIDATION: means(
    'NotReady',
    'the record cannot be checked yet',
    'Wait until the group has synchronised.',
  ),
  // Connections
  PEER_E_NO_MEMBERS_FOUND: means(
    'Unavailable',
    'no member of the group could be found',
    'Check that a member is online and reachable (IPv6, firewall, same cloud), then connect again.',
  ),
  PEER_E_NO_MEMBER_CONNECTIONS: means(
    'Unavailable',
    'members were found but none accepted a connection',
    'Check firewall (TCP 3587), clocks and the validity of the membership, then connect again.',
  ),
  PEER_E_UNABLE_TO_LISTEN: means(
    'Unavailable',
    'the port for other members could not be opened',
    'Free TCP port 3587 and allow it in the firewall.',
  ),
  PEER_E_ALREADY_LISTENING: means('AlreadyExists', 'it listens already', 'Nothing needs to be done.'),
  PEER_E_CONNECTION_NOT_FOUND: means(
    'NotFound',
    'the connection does not exist (any more)',
    'Open a new direct connection; use an id only between its connected and its disconnected event.',
  ),
  PEER_E_CONNECT_SELF: means(
    'BadArgument',
    'the address is the own one',
    'Pass the address of another member.',
  ),
  PEER_E_NODE_NOT_FOUND: means(
    'NotFound',
    'the node is not known',
    'Take node ids from the current listing of members.',
  ),
  PEER_E_CONNECTION_FAILED: means(
    'Unavailable',
    'the connection failed',
    'Check that the other side is online and reachable, then try again.',
  ),
  PEER_E_CONNECTION_NOT_AUTHENTICATED: means(
    'AccessDenied',
    'the other side failed authentication',
    'Check the password or the invitation of both sides, and their clocks.',
  ),
  PEER_E_CONNECTION_REFUSED: means(
    'AccessDenied',
    'the other side refused the connection',
    'The other side has no room or no registration for direct connections; try again later.',
  ),
  PEER_E_INVALID_ADDRESS: means(
    'BadArgument',
    'the address cannot be used',
    'Pass an IPv6 address with its port, and its scope id if it is link-local.',
  ),
  // Records and databases
  PEER_E_RECORD_NOT_FOUND: means(
    'NotFound',
    'the record does not exist',
    'It was deleted, has expired or was never there; list the records again.',
  ),
  PEER_E_INVALID_RECORD: means(
    'BadArgument',
    'the record is not acceptable',
    'Check type, expiry and attributes; an update must keep id, type and flags.',
  ),
  PEER_E_INVALID_RECORD_EXPIRATION: means(
    'BadArgument',
    'the expiry of the record is not acceptable',
    'Let it expire in the future, not earlier than before and within the life of the membership.',
  ),
  PEER_E_INVALID_RECORD_SIZE: means(
    'BadArgument',
    'the size field of the record is wrong',
    'Report it as a bug of the driver.',
  ),
  PEER_E_MAX_RECORD_SIZE_EXCEEDED: means(
    'BadArgument',
    'the record is larger than allowed',
    'Keep data and attributes together within 60 MiB; split larger content or publish it.',
  ),
  PEER_E_INVALID_ATTRIBUTES: means(
    'BadArgument',
    'the attribute XML is malformed',
    'Build it with the attribute builder instead of by hand.',
  ),
  PEER_E_TOO_MANY_ATTRIBUTES: means(
    'BadArgument',
    'there are too many attributes',
    'Use fewer attributes, or put the values into the data.',
  ),
  PEER_E_INVALID_SEARCH: means(
    'BadArgument',
    'the search XML is malformed',
    'Build it with the search builder instead of by hand.',
  ),
  PEER_E_DATABASE_ACCESSDENIED: means(
    'AccessDenied',
    'the database may not be accessed',
    'Check the permissions of the folder PeerNetworking in the profile of the user.',
  ),
  PEER_E_DBINITIALIZATION_FAILED: means(
    'System',
    'the database could not be opened',
    'Check disk space and permissions of the profile, then open the group again.',
  ),
  PEER_E_DATABASE_ALREADY_PRESENT: means(
    'AlreadyExists',
    'the database is there already',
    'Open the group instead of creating it.',
  ),
  PEER_E_DATABASE_NOT_PRESENT: means('NotFound', 'the database is missing', 'Join the group again.'),
  PEER_E_INVALID_DATABASE: means(
    'Protocol',
    'the database is damaged',
    'Delete the group locally and join it again.',
  ),
  PEER_E_DBNAME_CHANGED: means('AlreadyExists', 'the database was renamed', 'Open the group again.'),
  // Successes that no driver may reject with
  PEER_S_GRAPH_DATA_CREATED: means(
    'Defect',
    'new data were made',
    'A driver reported a success as a failure; report it as a bug.',
  ),
  PEER_S_NO_EVENT_DATA: means(
    'Defect',
    'no event is waiting',
    'A driver reported a success as a failure; report it as a bug.',
  ),
  PEER_S_ALREADY_CONNECTED: means(
    'Defect',
    'the group is connected already',
    'A driver reported a success as a failure; report it as a bug.',
  ),
  PEER_S_SUBSCRIPTION_EXISTS: means(
    'Defect',
    'the subscription exists already',
    'A driver reported a success as a failure; report it as a bug.',
  ),
  PEER_S_NO_CONNECTIVITY: means(
    'Defect',
    'it worked, but the network cannot be reached',
    'A driver reported a success as a failure; report it as a bug.',
  ),
  PEER_S_ALREADY_A_MEMBER: means(
    'Defect',
    'the identity is a member already',
    'A driver reported a success as a failure; report it as a bug.',
  ),
} as const satisfies Readonly<Record<string, ErrorMeaning>>;
