/* What of peerdist.h the simulator needs; mingw has no such header. Sizes are checked by layout_probe.c. */
#ifndef SIM_PEERDIST_ABI_H
#define SIM_PEERDIST_ABI_H

#include "../common/port.h"

/* What Windows 8 has added; a build for Windows 7 lacks it. */
#ifdef SIM_WINDOWS_7
#define API_OF_WINDOWS_8 static __attribute__((unused))
enum { PEERDIST_VERSION = 1 };
#else
#define API_OF_WINDOWS_8 API
enum { PEERDIST_VERSION = 2 };
#endif

enum { PEERDIST_STATUS_DISABLED, PEERDIST_STATUS_UNAVAILABLE, PEERDIST_STATUS_AVAILABLE };

typedef struct { DWORD cbSize; uint32_t status; DWORD dwMinVer, dwMaxVer; } PEERDIST_STATUS_INFO;
typedef struct { DWORD dwVersion, dwFlags; } PEERDIST_PUBLICATION_OPTIONS;
typedef struct { DWORD cbSize, dwContentInfoMinVersion, dwContentInfoMaxVersion, dwReserved; } PEERDIST_RETRIEVAL_OPTIONS;
typedef struct { BYTE Data[16]; } PEERDIST_CONTENT_TAG;
typedef struct { BOOL fFlashCrowd; } PEERDIST_CLIENT_BASIC_INFO;

enum {
  PEERDIST_ERROR_CANNOT_PARSE_CONTENTINFO = 4051,
  PEERDIST_ERROR_MISSING_DATA = 4052,
  PEERDIST_ERROR_NO_MORE = 4053,
  PEERDIST_ERROR_NOT_INITIALIZED = 4054,
  PEERDIST_ERROR_INVALIDATED = 4057,
  PEERDIST_ERROR_ALREADY_EXISTS = 4058,
  PEERDIST_ERROR_OPERATION_NOTFOUND = 4059,
  PEERDIST_ERROR_ALREADY_COMPLETED = 4060,
  PEERDIST_ERROR_OUT_OF_BOUNDS = 4061,
  PEERDIST_ERROR_VERSION_UNSUPPORTED = 4062,
  PEERDIST_ERROR_TRUST_FAILURE = 4066
};

#endif
