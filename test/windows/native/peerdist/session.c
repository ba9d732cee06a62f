/* Sessions and the status of the service. */
#include "model.h"

static uint32_t service_status = PEERDIST_STATUS_AVAILABLE;

DWORD refused(void) { return service_status == PEERDIST_STATUS_DISABLED ? 1260 : ERROR_SUCCESS; }

session *session_of(void *handle) { return handle_object(SESSION_HANDLE, handle); }

API DWORD WAPI PeerDistStartup(DWORD version, void **handle, DWORD *supported) {
  DWORD fault = enter("PeerDistStartup");
  if (fault != 0) return leave(fault);
  if (handle == NULL) return leave(ERROR_INVALID_PARAMETER);
  if (version < 1 || version > PEERDIST_VERSION) return leave(PEERDIST_ERROR_VERSION_UNSUPPORTED);
  session *s = calloc(1, sizeof *s);
  s->last_status = PEERDIST_STATUS_DISABLED;
  *handle = s->handle = handle_open(SESSION_HANDLE, s);
  if (supported != NULL) *supported = PEERDIST_VERSION;
  return leave(ERROR_SUCCESS);
}

static void *close_orphan(handle_kind kind, void *handle) {
  handle_note_orphan();
  return handle_close(kind, handle);
}

static void close_handles_of(session *s) {
  void *handle;
  uint32_t cursor = 0;
  for (stream *x; (x = handle_next(STREAM_HANDLE, &cursor, &handle)) != NULL;) {
    if (x->session == s) free_stream(close_orphan(STREAM_HANDLE, handle));
  }
  cursor = 0;
  for (information *x; (x = handle_next(INFORMATION_HANDLE, &cursor, &handle)) != NULL;) {
    if (x->session == s) free_information(close_orphan(INFORMATION_HANDLE, handle));
  }
  cursor = 0;
  for (content *x; (x = handle_next(CONTENT_HANDLE, &cursor, &handle)) != NULL;) {
    if (x->session == s) free_content(close_orphan(CONTENT_HANDLE, handle));
  }
}

API DWORD WAPI PeerDistShutdown(void *handle) {
  DWORD fault = enter_releasing("PeerDistShutdown");
  session *s = handle_close(SESSION_HANDLE, handle);
  if (s == NULL) return leave(handle_refuse_close(handle, ERROR_INVALID_HANDLE));
  if (s->registration != NULL) {
    handle_note_orphan();
    end(s->registration, ERROR_OPERATION_ABORTED);
  }
  if (cancel(s, NULL, NULL) > 0) handle_note_orphan();
  close_handles_of(s);
  drop_publications_of(s);
  free(s);
  return leave(fault);
}

API DWORD WAPI PeerDistGetStatus(void *handle, uint32_t *status) {
  DWORD fault = enter("PeerDistGetStatus");
  if (fault != 0) return leave(fault);
  if (session_of(handle) == NULL || status == NULL) return leave(status == NULL ? ERROR_INVALID_PARAMETER : ERROR_INVALID_HANDLE);
  *status = service_status;
  return leave(ERROR_SUCCESS);
}

API_OF_WINDOWS_8 DWORD WAPI PeerDistGetStatusEx(void *handle, PEERDIST_STATUS_INFO *info) {
  DWORD fault = enter("PeerDistGetStatusEx");
  if (fault != 0) return leave(fault);
  if (session_of(handle) == NULL) return leave(ERROR_INVALID_HANDLE);
  if (info == NULL || info->cbSize != sizeof *info) return leave(ERROR_INVALID_PARAMETER);
  info->status = service_status;
  info->dwMinVer = 1;
  info->dwMaxVer = 2;
  return leave(ERROR_SUCCESS);
}

/* A registration fires on a change only; the very first one once the status is anything but disabled. */
void offer_status(session *s) {
  operation *op = s->registration;
  if (op == NULL || s->last_status == service_status) return;
  s->registration = NULL;
  s->last_status = service_status;
  op->news = service_status;
  end(op, completion_fault_for(name_of(REGISTRATION), ERROR_NOT_ENOUGH_MEMORY));
}

static DWORD register_for(void *handle, HANDLE port, ULONG_PTR key, OVERLAPPED *overlapped, uint32_t *status) {
  session *s = session_of(handle);
  if (s == NULL) return ERROR_INVALID_HANDLE;
  if (overlapped == NULL || status == NULL || s->registration != NULL) return ERROR_INVALID_PARAMETER;
  *status = service_status;
  return start((operation){
      .kind = REGISTRATION, .session = s, .overlapped = overlapped, .port = port, .key = port == NULL ? 0 : key, .status = status});
}

API DWORD WAPI PeerDistRegisterForStatusChangeNotification(void *handle, HANDLE port, ULONG_PTR key, OVERLAPPED *overlapped,
                                                           uint32_t *status) {
  DWORD fault = enter("PeerDistRegisterForStatusChangeNotification");
  return leave(fault != 0 ? fault : register_for(handle, port, key, overlapped, status));
}

API_OF_WINDOWS_8 DWORD WAPI PeerDistRegisterForStatusChangeNotificationEx(void *handle, HANDLE port, ULONG_PTR key,
                                                                          OVERLAPPED *overlapped, PEERDIST_STATUS_INFO *info) {
  DWORD fault = enter("PeerDistRegisterForStatusChangeNotificationEx");
  if (fault != 0) return leave(fault);
  if (info == NULL || info->cbSize != sizeof *info) return leave(ERROR_INVALID_PARAMETER);
  info->dwMinVer = 1;
  info->dwMaxVer = 2;
  DWORD code = register_for(handle, port, key, overlapped, &info->status);
  /* As its page says; that of the older function says ERROR_IO_PENDING. */
  return leave(code == ERROR_IO_PENDING ? ERROR_SUCCESS : code);
}

API DWORD WAPI PeerDistUnregisterForStatusChangeNotification(void *handle) {
  DWORD fault = enter_releasing("PeerDistUnregisterForStatusChangeNotification");
  session *s = session_of(handle);
  if (s == NULL) return leave(ERROR_INVALID_HANDLE);
  if (s->registration == NULL) return leave(ERROR_INVALID_PARAMETER);
  operation *op = s->registration;
  s->registration = NULL;
  end(op, ERROR_OPERATION_ABORTED);
  return leave(fault);
}

typedef struct { uint32_t status, delay_us; } flip;

static void run_flip(void *given) {
  flip f = *(flip *)given;
  free(given);
  sim_sleep_us(f.delay_us);
  sim_acquire(&Sim_World()->lock);
  if (service_status != f.status) {
    service_status = f.status;
    if (f.status != PEERDIST_STATUS_AVAILABLE) invalidate_handles();
    uint32_t cursor = 0;
    for (session *s; (s = handle_next(SESSION_HANDLE, &cursor, NULL)) != NULL;) offer_status(s);
  }
  sim_release(&Sim_World()->lock);
}

/* Changes the status of the service from another thread, or at once for `delay_us` of UINT32_MAX. */
API void SimPeerDist_SetStatus(uint32_t status, uint32_t delay_us) {
  flip *f = malloc(sizeof *f);
  *f = (flip){status, delay_us == UINT32_MAX ? 0 : delay_us};
  if (delay_us == UINT32_MAX) run_flip(f);
  else sim_spawn(run_flip, f);
}

API int32_t SimPeerDist_OpenHandles(void) { return handle_count(); }
API int32_t SimPeerDist_RefusedCloses(void) { return handle_refused_closes(); }
API int32_t SimPeerDist_Orphans(void) { return handle_orphans(); }
/* Operations that have not completed, and signals of completions that are still to come. */
API int32_t SimPeerDist_Pending(void) { return pending_operations() + late_signals(); }
