import { means, type ErrorMeaning } from './error-meaning.js';

/** The PEER_ codes of the neighbours that share their facility: name resolution, graphing, collaboration. */
export const RELATED_ERRORS = {
  // Clouds of the name resolution
  PEER_E_NO_CLOUD: means(
    'NotFound',
    'the cloud does not exist on this machine',
    'Leave the cloud out for the global one, or name a link-local cloud that exists; check that PNRPSvc runs and IPv6 is up.',
  ),
  PEER_E_CLOUD_NAME_AMBIGUOUS: means(
    'BadArgument',
    'several clouds have that name',
    'Name the cloud in full, such as LinkLocal_ followed by its scope id.',
  ),
  PEER_E_CLOUD_NOT_FOUND: means(
    'NotFound',
    'the cloud is not known',
    'Leave the cloud out for the global one, or name one that exists.',
  ),
  PEER_E_CLOUD_DISABLED: means(
    'Disabled',
    'the cloud is switched off',
    'Enable it in the policy for peer name resolution, or name another cloud.',
  ),
  PEER_E_CLOUD_IS_DEAD: means(
    'Unavailable',
    'the cloud does not work',
    'Check the network connection, then try again or name another cloud.',
  ),
  PEER_E_CLOUD_IS_SEARCH_ONLY: means(
    'AccessDenied',
    'names can be looked up but not registered in that cloud',
    'Name a cloud in which this machine may register.',
  ),
  PEER_E_TOO_MUCH_LOAD: means(
    'Unavailable',
    'peer name resolution is overloaded',
    'Wait a little and try again.',
  ),
  PEER_E_CLIENT_INVALID_COMPARTMENT_ID: means(
    'BadArgument',
    'the network compartment does not exist',
    'Run in a network compartment that exists.',
  ),
  PEER_E_DUPLICATE_PEER_NAME: means(
    'AlreadyExists',
    'the peer name is registered already',
    'Use the registration that exists, or another name.',
  ),
  PEER_E_PNRP_DUPLICATE_PEER_NAME: means(
    'AlreadyExists',
    'the peer name is registered already',
    'Use the registration that exists, or another name.',
  ),
  PEER_E_CANNOT_CONVERT_PEER_NAME: means(
    'BadArgument',
    'the peer name has no host name form',
    'Use the peer name itself.',
  ),
  PEER_E_INVALID_PEER_HOST_NAME: means(
    'BadArgument',
    'the peer host name is malformed',
    'Pass a host name that ends in .pnrp.net.',
  ),
  PEER_E_INVALID_IDENTITY: means(
    'BadArgument',
    'the identity cannot be used for peer name resolution',
    'Use an identity from the listing of identities.',
  ),
  // Graphing, underneath grouping
  PEER_E_INVALID_GRAPH: means('HandleClosed', 'the graph handle is not open', 'Open the group again.'),
  PEER_E_DUPLICATE_GRAPH: means(
    'AlreadyExists',
    'the graph exists already',
    'Open the group instead of creating it.',
  ),
  PEER_E_GRAPH_NOT_READY: means(
    'NotReady',
    'the graph has not synchronised yet',
    'Connect the group and wait until it has connections, then try again.',
  ),
  PEER_E_GRAPH_SHUTTING_DOWN: means(
    'NotReady',
    'the graph is closing',
    'Wait until it is closed, then open the group again.',
  ),
  PEER_E_GRAPH_IN_USE: means('AlreadyExists', 'the graph is open elsewhere', 'Close it there first.'),
  // Collaboration, which shares the header
  PEER_E_CONTACT_NOT_FOUND: means(
    'NotFound',
    'the contact does not exist',
    'This comes from the collaboration API, which the SDK does not use; report it as a bug of the driver.',
  ),
  PEER_E_INVITE_CANCELLED: means(
    'Cancelled',
    'the application invitation was withdrawn',
    'This comes from the collaboration API, which the SDK does not use; report it as a bug of the driver.',
  ),
  PEER_E_INVITE_RESPONSE_NOT_AVAILABLE: means(
    'NotReady',
    'the application invitation has no answer yet',
    'This comes from the collaboration API, which the SDK does not use; report it as a bug of the driver.',
  ),
  PEER_E_NOT_SIGNED_IN: means(
    'NotReady',
    'the user is not signed in to serverless presence',
    'This comes from the collaboration API, which the SDK does not use; report it as a bug of the driver.',
  ),
  PEER_E_PRIVACY_DECLINED: means(
    'AccessDenied',
    'the user declined the privacy statement',
    'This comes from the collaboration API, which the SDK does not use; report it as a bug of the driver.',
  ),
  PEER_E_TIMEOUT: means(
    'Timeout',
    'the collaboration request took too long',
    'This comes from the collaboration API, which the SDK does not use; report it as a bug of the driver.',
  ),
  PEER_E_FW_EXCEPTION_DISABLED: means(
    'Disabled',
    'the firewall exception for peer networking is switched off',
    'Switch the exception on.',
  ),
  PEER_E_FW_BLOCKED_BY_POLICY: means(
    'Disabled',
    'a firewall policy blocks peer networking',
    'Ask the administrator to allow it.',
  ),
  PEER_E_FW_BLOCKED_BY_SHIELDS_UP: means(
    'Disabled',
    'the firewall blocks all incoming connections',
    'Allow the exceptions of the firewall.',
  ),
  PEER_E_FW_DECLINED: means(
    'AccessDenied',
    'the user declined the change of the firewall',
    'Allow peer networking in the firewall.',
  ),
} as const satisfies Readonly<Record<string, ErrorMeaning>>;
