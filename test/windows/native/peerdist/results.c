/* PeerDistGetOverlappedResult. The pages do not agree on how it tells of an operation that has failed. */
#include "model.h"

typedef enum { LAST_ERROR, INTERNAL_ONLY, TRUE_AND_INTERNAL } failure_report;

static failure_report report;

API_OF_WINDOWS_8 BOOL WAPI PeerDistGetOverlappedResult(OVERLAPPED *overlapped, DWORD *transferred, BOOL wait) {
  (void)wait;
  ULONG_PTR internal = __atomic_load_n(&overlapped->Internal, __ATOMIC_ACQUIRE);
  if (internal == 259) {
    SetLastError(ERROR_IO_INCOMPLETE);
    return 0;
  }
  *transferred = (DWORD)overlapped->InternalHigh;
  SetLastError(report == LAST_ERROR ? (DWORD)internal : ERROR_SUCCESS);
  return internal == 0 || report == TRUE_AND_INTERNAL;
}

/* 0: FALSE and the last error; 1: FALSE, and the code in OVERLAPPED.Internal only; 2: TRUE, and the code there. */
API void SimPeerDist_ReportFailuresBy(uint32_t how) { report = (failure_report)how; }
