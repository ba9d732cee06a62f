import {
  functionsOf,
  i32,
  inout,
  maybe,
  maybeOut,
  maybeU64,
  out,
  pointer,
  u16,
  u32,
  u64,
} from './signature.js';

const hresult = functionsOf('p2p', 'hresult');
const nothing = functionsOf('p2p', 'void');

/** The 38 functions of the grouping family, in the header's order and with its parameter names. */
export const GROUPING = {
  PeerGroupStartup: hresult(u16('wVersionRequested'), out('pVersionData')),
  PeerGroupShutdown: hresult(),
  PeerGroupCreate: hresult(pointer('pProperties'), out('phGroup')),
  PeerGroupOpen: hresult(
    pointer('pwzIdentity'),
    pointer('pwzGroupPeerName'),
    maybe('pwzCloud'),
    out('phGroup'),
  ),
  PeerGroupJoin: hresult(maybe('pwzIdentity'), pointer('pwzInvitation'), maybe('pwzCloud'), out('phGroup')),
  PeerGroupPasswordJoin: hresult(
    maybe('pwzIdentity'),
    pointer('pwzInvitation'),
    pointer('pwzPassword'),
    maybe('pwzCloud'),
    out('phGroup'),
  ),
  PeerGroupConnect: hresult(pointer('hGroup')),
  PeerGroupConnectByAddress: hresult(pointer('hGroup'), u32('cAddresses'), pointer('pAddresses')),
  PeerGroupClose: hresult(pointer('hGroup')),
  PeerGroupDelete: hresult(maybe('pwzIdentity'), pointer('pwzGroupPeerName')),
  PeerGroupCreateInvitation: hresult(
    pointer('hGroup'),
    pointer('pwzIdentityInfo'),
    maybe('pftExpiration'),
    u32('cRoles'),
    maybe('pRoles'),
    out('ppwzInvitation'),
  ),
  PeerGroupCreatePasswordInvitation: hresult(pointer('hGroup'), out('ppwzInvitation')),
  PeerGroupParseInvitation: hresult(pointer('pwzInvitation'), out('ppInvitationInfo')),
  PeerGroupGetStatus: hresult(pointer('hGroup'), out('pdwStatus')),
  PeerGroupGetProperties: hresult(pointer('hGroup'), out('ppProperties')),
  PeerGroupSetProperties: hresult(pointer('hGroup'), pointer('pProperties')),
  PeerGroupEnumMembers: hresult(pointer('hGroup'), u32('dwFlags'), maybe('pwzIdentity'), out('phPeerEnum')),
  PeerGroupOpenDirectConnection: hresult(
    pointer('hGroup'),
    pointer('pwzIdentity'),
    pointer('pAddress'),
    out('pullConnectionId'),
  ),
  PeerGroupCloseDirectConnection: hresult(pointer('hGroup'), u64('ullConnectionId')),
  PeerGroupEnumConnections: hresult(pointer('hGroup'), u32('dwFlags'), out('phPeerEnum')),
  PeerGroupSendData: hresult(
    pointer('hGroup'),
    u64('ullConnectionId'),
    pointer('pType'),
    u32('cbData'),
    pointer('pvData'),
  ),
  PeerGroupRegisterEvent: hresult(
    pointer('hGroup'),
    pointer('hEvent'),
    u32('cEventRegistration'),
    pointer('pEventRegistrations'),
    out('phPeerEvent'),
  ),
  PeerGroupUnregisterEvent: hresult(pointer('hPeerEvent')),
  PeerGroupGetEventData: hresult(pointer('hPeerEvent'), out('ppEventData')),
  PeerGroupGetRecord: hresult(pointer('hGroup'), pointer('pRecordId'), out('ppRecord')),
  PeerGroupAddRecord: hresult(pointer('hGroup'), pointer('pRecord'), out('pRecordId')),
  PeerGroupUpdateRecord: hresult(pointer('hGroup'), pointer('pRecord')),
  PeerGroupDeleteRecord: hresult(pointer('hGroup'), pointer('pRecordId')),
  PeerGroupEnumRecords: hresult(pointer('hGroup'), maybe('pRecordType'), out('phPeerEnum')),
  PeerGroupSearchRecords: hresult(pointer('hGroup'), pointer('pwzCriteria'), out('phPeerEnum')),
  PeerGroupExportDatabase: hresult(pointer('hGroup'), pointer('pwzFilePath')),
  PeerGroupImportDatabase: hresult(pointer('hGroup'), pointer('pwzFilePath')),
  PeerGroupIssueCredentials: hresult(
    pointer('hGroup'),
    pointer('pwzSubjectIdentity'),
    maybe('pCredentialInfo'),
    u32('dwFlags'),
    maybeOut('ppwzInvitation'),
  ),
  PeerGroupExportConfig: hresult(pointer('hGroup'), pointer('pwzPassword'), out('ppwzXML')),
  PeerGroupImportConfig: hresult(
    pointer('pwzXML'),
    pointer('pwzPassword'),
    i32('fOverwrite'),
    out('ppwzIdentity'),
    out('ppwzGroup'),
  ),
  PeerGroupPeerTimeToUniversalTime: hresult(
    pointer('hGroup'),
    pointer('pftPeerTime'),
    out('pftUniversalTime'),
  ),
  PeerGroupUniversalTimeToPeerTime: hresult(
    pointer('hGroup'),
    pointer('pftUniversalTime'),
    out('pftPeerTime'),
  ),
  PeerGroupResumePasswordAuthentication: hresult(pointer('hGroup'), pointer('hPeerEventHandle')),
} as const;

/** The 12 functions of the Identity Manager. */
export const IDENTITY = {
  PeerIdentityCreate: hresult(
    maybe('pwzClassifier'),
    maybe('pwzFriendlyName'),
    maybeU64('hCryptProv'),
    out('ppwzIdentity'),
  ),
  PeerIdentityGetFriendlyName: hresult(maybe('pwzIdentity'), out('ppwzFriendlyName')),
  PeerIdentitySetFriendlyName: hresult(maybe('pwzIdentity'), maybe('pwzFriendlyName')),
  PeerIdentityGetCryptKey: hresult(maybe('pwzIdentity'), out('phCryptProv')),
  PeerIdentityDelete: hresult(pointer('pwzIdentity')),
  PeerEnumIdentities: hresult(out('phPeerEnum')),
  PeerEnumGroups: hresult(pointer('pwzIdentity'), out('phPeerEnum')),
  PeerCreatePeerName: hresult(maybe('pwzIdentity'), maybe('pwzClassifier'), out('ppwzPeerName')),
  PeerIdentityGetXML: hresult(maybe('pwzIdentity'), out('ppwzIdentityXML')),
  PeerIdentityExport: hresult(maybe('pwzIdentity'), pointer('pwzPassword'), out('ppwzExportXML')),
  PeerIdentityImport: hresult(pointer('pwzImportXML'), pointer('pwzPassword'), out('ppwzIdentity')),
  PeerIdentityGetDefault: hresult(out('ppwzPeerName')),
} as const;

/** The 4 functions that both families share. */
export const UTILITY = {
  PeerFreeData: nothing(maybe('pvData')),
  PeerGetItemCount: hresult(pointer('hPeerEnum'), out('pCount')),
  PeerGetNextItem: hresult(pointer('hPeerEnum'), inout('pCount'), out('pppvItems')),
  PeerEndEnumeration: hresult(pointer('hPeerEnum')),
} as const;
