/* The structures of p2p.h with fixed-width fields, so that they are the same on Linux. layout_probe.c compares them. */
#ifndef SIM_P2P_ABI_H
#define SIM_P2P_ABI_H

#include "../common/port.h"

typedef struct { WORD wVersion, wHighestVersion; } PEER_VERSION_DATA;
typedef struct { ULONG cbData; BYTE *pbData; } PEER_DATA;
typedef struct {
  DWORD dwSize;
  GUID type, id;
  DWORD dwVersion, dwFlags;
  c16 *pwzCreatorId, *pwzModifiedById, *pwzAttributes;
  FILETIME ftCreation, ftExpiration, ftLastModified;
  PEER_DATA securityData, data;
} PEER_RECORD;
#ifndef _WIN32
typedef struct {
  uint16_t sin6_family, sin6_port;
  uint32_t sin6_flowinfo;
  uint8_t sin6_addr[16];
  uint32_t sin6_scope_id;
} SOCKADDR_IN6;
typedef struct { DWORD cbData; BYTE *pbData; } CRYPT_OBJID_BLOB;
typedef struct { char *pszObjId; CRYPT_OBJID_BLOB Parameters; } CRYPT_ALGORITHM_IDENTIFIER;
typedef struct { DWORD cbData; BYTE *pbData; DWORD cUnusedBits; } CRYPT_BIT_BLOB;
typedef struct { CRYPT_ALGORITHM_IDENTIFIER Algorithm; CRYPT_BIT_BLOB PublicKey; } CERT_PUBLIC_KEY_INFO;
#else
#include <ws2tcpip.h>
#include <wincrypt.h>
#endif
typedef struct { DWORD dwSize; SOCKADDR_IN6 sin6; } PEER_ADDRESS;
typedef struct {
  DWORD dwSize, dwFlags;
  ULONGLONG ullConnectionId, ullNodeId;
  c16 *pwzPeerId;
  PEER_ADDRESS address;
} PEER_CONNECTION_INFO;
typedef struct { DWORD dwSize; ULONGLONG ullConnectionId; GUID type; PEER_DATA data; } PEER_EVENT_INCOMING_DATA;
typedef struct { DWORD dwSize; uint32_t changeType; GUID recordId, recordType; } PEER_EVENT_RECORD_CHANGE_DATA;
typedef struct {
  DWORD dwSize;
  uint32_t status;
  ULONGLONG ullConnectionId, ullNodeId, ullNextConnectionId;
  HRESULT hrConnectionFailedReason;
} PEER_EVENT_CONNECTION_CHANGE_DATA;
typedef struct { DWORD dwSize; uint32_t changeType; c16 *pwzIdentity; } PEER_EVENT_MEMBER_CHANGE_DATA;
typedef struct {
  uint32_t eventType;
  union {
    uint32_t dwStatus;
    PEER_EVENT_INCOMING_DATA incomingData;
    PEER_EVENT_RECORD_CHANGE_DATA recordChangeData;
    PEER_EVENT_CONNECTION_CHANGE_DATA connectionChangeData;
    PEER_EVENT_MEMBER_CHANGE_DATA memberChangeData;
    HRESULT hrConnectionFailedReason;
  };
} PEER_GROUP_EVENT_DATA;
typedef struct { uint32_t eventType; GUID *pType; } PEER_GROUP_EVENT_REGISTRATION;
typedef struct {
  DWORD dwSize, dwFlags;
  c16 *pwzCloud, *pwzClassifier, *pwzGroupPeerName, *pwzCreatorPeerName, *pwzFriendlyName, *pwzComment;
  ULONG ulMemberDataLifetime, ulPresenceLifetime;
  DWORD dwAuthenticationSchemes;
  c16 *pwzGroupPassword;
  GUID groupPasswordRole;
} PEER_GROUP_PROPERTIES;
typedef struct {
  DWORD dwSize, dwFlags;
  c16 *pwzFriendlyName;
  CERT_PUBLIC_KEY_INFO *pPublicKey;
  c16 *pwzIssuerPeerName, *pwzIssuerFriendlyName;
  FILETIME ftValidityStart, ftValidityEnd;
  ULONG cRoles;
  GUID *pRoles;
} PEER_CREDENTIAL_INFO;
typedef struct {
  DWORD dwSize, dwFlags;
  c16 *pwzIdentity, *pwzAttributes;
  ULONGLONG ullNodeId;
  ULONG cAddresses;
  PEER_ADDRESS *pAddresses;
  PEER_CREDENTIAL_INFO *pCredentialInfo;
} PEER_MEMBER;
typedef struct {
  DWORD dwSize, dwFlags;
  c16 *pwzCloudName;
  DWORD dwScope, dwCloudFlags;
  c16 *pwzGroupPeerName, *pwzIssuerPeerName, *pwzSubjectPeerName;
  c16 *pwzGroupFriendlyName, *pwzIssuerFriendlyName, *pwzSubjectFriendlyName;
  FILETIME ftValidityStart, ftValidityEnd;
  ULONG cRoles;
  GUID *pRoles;
  ULONG cClassifiers;
  c16 **ppwzClassifiers;
  CERT_PUBLIC_KEY_INFO *pSubjectPublicKey;
  uint32_t authScheme;
} PEER_INVITATION_INFO;
typedef struct { DWORD dwSize; c16 *pwzPeerName, *pwzFriendlyName; } PEER_NAME_PAIR;

enum {
  EVENT_STATUS = 1, EVENT_PROPERTY, EVENT_RECORD, EVENT_DIRECT, EVENT_NEIGHBOR, EVENT_INCOMING,
  EVENT_MEMBER = 8, EVENT_CONNECTION_FAILED = 10
};
enum { RECORD_ADDED = 1, RECORD_UPDATED, RECORD_DELETED };
enum { LINK_CONNECTED = 1, LINK_DISCONNECTED, LINK_FAILED };
enum { MEMBER_CONNECTED = 1, MEMBER_DISCONNECTED, MEMBER_UPDATED, MEMBER_JOINED };
enum { STATUS_LISTENING = 1, STATUS_HAS_CONNECTIONS = 2 };
enum { SCHEME_CERTIFICATE = 1, SCHEME_PASSWORD = 2 };
enum { CONNECTION_NEIGHBOR = 1, CONNECTION_DIRECT = 2 };

#define PEER_E_NOT_INITIALIZED ((HRESULT)0x80630002)
#define PEER_E_CONNECTION_NOT_FOUND ((HRESULT)0x80630103)
#define PEER_E_CONNECT_SELF ((HRESULT)0x80630106)
#define PEER_E_CONNECTION_REFUSED ((HRESULT)0x8063010b)
#define PEER_E_NO_KEY_ACCESS ((HRESULT)0x80630203)
#define PEER_E_GROUPS_EXIST ((HRESULT)0x80630204)
#define PEER_E_RECORD_NOT_FOUND ((HRESULT)0x80630301)
#define PEER_E_MAX_RECORD_SIZE_EXCEEDED ((HRESULT)0x80630304)
#define PEER_E_IDENTITY_NOT_FOUND ((HRESULT)0x80630401)
#define PEER_E_INVALID_SEARCH ((HRESULT)0x80630601)
#define PEER_E_INVALID_ATTRIBUTES ((HRESULT)0x80630602)
#define PEER_E_INVITATION_NOT_TRUSTED ((HRESULT)0x80630701)
#define PEER_E_INVALID_TIME_PERIOD ((HRESULT)0x80630705)
#define PEER_E_NO_CLOUD ((HRESULT)0x80631001)
#define PEER_E_NOT_AUTHORIZED ((HRESULT)0x80632020)
#define PEER_E_PASSWORD_DOES_NOT_MEET_POLICY ((HRESULT)0x80632021)
#define PEER_E_INVALID_GROUP_PROPERTIES ((HRESULT)0x80632040)
#define PEER_E_INVALID_PEER_NAME ((HRESULT)0x80632050)
#define PEER_E_INVALID_CLASSIFIER ((HRESULT)0x80632060)
#define PEER_E_INVALID_RECORD_EXPIRATION ((HRESULT)0x80632080)
#define PEER_E_UNSUPPORTED_VERSION ((HRESULT)0x80632090)
#define PEER_E_GROUP_NOT_READY ((HRESULT)0x80632091)
#define PEER_E_GROUP_IN_USE ((HRESULT)0x80632092)
#define PEER_E_INVALID_GROUP ((HRESULT)0x80632093)
#define PEER_E_NO_MEMBERS_FOUND ((HRESULT)0x80632094)
#define PEER_E_NOT_FOUND ((HRESULT)0x80070490)
#define PEER_E_ALREADY_EXISTS ((HRESULT)0x800700b7)
#define PEER_S_NO_EVENT_DATA ((HRESULT)0x00630002)
#define PEER_S_ALREADY_CONNECTED ((HRESULT)0x00632000)

#endif
