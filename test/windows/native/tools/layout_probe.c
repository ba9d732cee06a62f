/*
 * Prints sizes and offsets as JSON, as the compiler has laid them out: of the structures of mingw's p2p.h, or with
 * OWN_ABI of those that the simulators use.
 */
#include <stdio.h>
#include <stddef.h>
#ifdef OWN_ABI
#include "../p2p/p2p_abi.h"
#else
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <wincrypt.h>
#include <p2p.h>
#endif
#include "../peerdist/peerdist_abi.h"

static const char *between = "\n";

#define BEGIN(T) \
  printf("%s  \"%s\": { \"size\": %u, \"align\": %u, \"fields\": {", between, #T, (unsigned)sizeof(T), (unsigned)_Alignof(T)); \
  between = "";
#define FIELD(T, name) \
  printf("%s \"%s\": [%u, %u]", between, #name, (unsigned)offsetof(T, name), (unsigned)sizeof(((T *)0)->name)); \
  between = ",";
#define END \
  printf(" } }"); \
  between = ",\n";

#define F2(T, a, b) FIELD(T, a) FIELD(T, b)
#define F3(T, a, b, c) F2(T, a, b) FIELD(T, c)
#define F4(T, a, b, c, d) F2(T, a, b) F2(T, c, d)
#define F5(T, a, b, c, d, e) F4(T, a, b, c, d) FIELD(T, e)
#define F6(T, a, b, c, d, e, f) F3(T, a, b, c) F3(T, d, e, f)

int main(void) {
  printf("{");
  BEGIN(PEER_VERSION_DATA) F2(PEER_VERSION_DATA, wVersion, wHighestVersion) END
  BEGIN(PEER_DATA) F2(PEER_DATA, cbData, pbData) END
  BEGIN(SOCKADDR_IN6) F5(SOCKADDR_IN6, sin6_family, sin6_port, sin6_flowinfo, sin6_addr, sin6_scope_id) END
  BEGIN(PEER_ADDRESS) F2(PEER_ADDRESS, dwSize, sin6) END
  BEGIN(PEER_NAME_PAIR) F3(PEER_NAME_PAIR, dwSize, pwzPeerName, pwzFriendlyName) END
  BEGIN(PEER_RECORD) F6(PEER_RECORD, dwSize, type, id, dwVersion, dwFlags, pwzCreatorId)
    F5(PEER_RECORD, pwzModifiedById, pwzAttributes, ftCreation, ftExpiration, ftLastModified)
    F2(PEER_RECORD, securityData, data) END
  BEGIN(PEER_CONNECTION_INFO) F6(PEER_CONNECTION_INFO, dwSize, dwFlags, ullConnectionId, ullNodeId, pwzPeerId, address) END
  BEGIN(PEER_GROUP_PROPERTIES)
    F6(PEER_GROUP_PROPERTIES, dwSize, dwFlags, pwzCloud, pwzClassifier, pwzGroupPeerName, pwzCreatorPeerName)
    F6(PEER_GROUP_PROPERTIES, pwzFriendlyName, pwzComment, ulMemberDataLifetime, ulPresenceLifetime, dwAuthenticationSchemes, pwzGroupPassword)
    FIELD(PEER_GROUP_PROPERTIES, groupPasswordRole) END
  BEGIN(CERT_PUBLIC_KEY_INFO) F2(CERT_PUBLIC_KEY_INFO, Algorithm, PublicKey) END
  BEGIN(PEER_CREDENTIAL_INFO)
    F6(PEER_CREDENTIAL_INFO, dwSize, dwFlags, pwzFriendlyName, pPublicKey, pwzIssuerPeerName, pwzIssuerFriendlyName)
    F4(PEER_CREDENTIAL_INFO, ftValidityStart, ftValidityEnd, cRoles, pRoles) END
  BEGIN(PEER_MEMBER) F6(PEER_MEMBER, dwSize, dwFlags, pwzIdentity, pwzAttributes, ullNodeId, cAddresses)
    F2(PEER_MEMBER, pAddresses, pCredentialInfo) END
  BEGIN(PEER_INVITATION_INFO)
    F6(PEER_INVITATION_INFO, dwSize, dwFlags, pwzCloudName, dwScope, dwCloudFlags, pwzGroupPeerName)
    F5(PEER_INVITATION_INFO, pwzIssuerPeerName, pwzSubjectPeerName, pwzGroupFriendlyName, pwzIssuerFriendlyName, pwzSubjectFriendlyName)
    F6(PEER_INVITATION_INFO, ftValidityStart, ftValidityEnd, cRoles, pRoles, cClassifiers, ppwzClassifiers)
    F2(PEER_INVITATION_INFO, pSubjectPublicKey, authScheme) END
  BEGIN(PEER_GROUP_EVENT_REGISTRATION) F2(PEER_GROUP_EVENT_REGISTRATION, eventType, pType) END
  BEGIN(PEER_EVENT_INCOMING_DATA) F4(PEER_EVENT_INCOMING_DATA, dwSize, ullConnectionId, type, data) END
  BEGIN(PEER_EVENT_RECORD_CHANGE_DATA) F4(PEER_EVENT_RECORD_CHANGE_DATA, dwSize, changeType, recordId, recordType) END
  BEGIN(PEER_EVENT_CONNECTION_CHANGE_DATA)
    F6(PEER_EVENT_CONNECTION_CHANGE_DATA, dwSize, status, ullConnectionId, ullNodeId, ullNextConnectionId, hrConnectionFailedReason) END
  BEGIN(PEER_EVENT_MEMBER_CHANGE_DATA) F3(PEER_EVENT_MEMBER_CHANGE_DATA, dwSize, changeType, pwzIdentity) END
  BEGIN(PEER_GROUP_EVENT_DATA)
    F6(PEER_GROUP_EVENT_DATA, eventType, dwStatus, incomingData, recordChangeData, connectionChangeData, memberChangeData)
    FIELD(PEER_GROUP_EVENT_DATA, hrConnectionFailedReason) END
  BEGIN(PEERDIST_STATUS_INFO) F4(PEERDIST_STATUS_INFO, cbSize, status, dwMinVer, dwMaxVer) END
  BEGIN(PEERDIST_PUBLICATION_OPTIONS) F2(PEERDIST_PUBLICATION_OPTIONS, dwVersion, dwFlags) END
  BEGIN(PEERDIST_RETRIEVAL_OPTIONS)
    F4(PEERDIST_RETRIEVAL_OPTIONS, cbSize, dwContentInfoMinVersion, dwContentInfoMaxVersion, dwReserved) END
  BEGIN(PEERDIST_CLIENT_BASIC_INFO) FIELD(PEERDIST_CLIENT_BASIC_INFO, fFlashCrowd) END
  BEGIN(OVERLAPPED) F5(OVERLAPPED, Internal, InternalHigh, Offset, OffsetHigh, hEvent) END
  BEGIN(OVERLAPPED_ENTRY) F4(OVERLAPPED_ENTRY, lpCompletionKey, lpOverlapped, Internal, dwNumberOfBytesTransferred) END
  printf("\n}\n");
  return 0;
}
