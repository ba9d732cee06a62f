/* Publishing content and reading its content information. */
#include "model.h"

/* Its address tells the machines apart. */
static const char here;

static publication **publications(void) { return (publication **)&Sim_World()->publications; }

/* FNV-1a: stands for SHA-256, as nobody attacks a simulator. */
uint64_t hash_of(const BYTE *bytes, size_t size) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (size_t i = 0; i < size; i++) hash = (hash ^ bytes[i]) * 0x100000001b3ull;
  return hash;
}

publication *find_publication(const BYTE *id, DWORD size) {
  for (publication *p = *publications(); p != NULL; p = p->next) {
    if (p->machine == &here && p->id_size == size && memcmp(p->id, id, size) == 0) return p;
  }
  return NULL;
}

const BYTE *find_served(uint64_t hash, DWORD size) {
  for (const publication *p = *publications(); p != NULL; p = p->next) {
    for (uint64_t at = 0; p->complete && at < p->size; at += BLOCK) {
      uint64_t left = p->size - at;
      if ((left < BLOCK ? left : BLOCK) == size && hash_of(p->data + at, size) == hash) return p->data + at;
    }
  }
  return NULL;
}

static void drop(publication **at) {
  publication *p = *at;
  *at = p->next;
  void *handle;
  uint32_t cursor = 0;
  for (stream *s; (s = handle_next(STREAM_HANDLE, &cursor, &handle)) != NULL;) {
    if (s->publication == p) s->publication = NULL;
  }
  free(p->id), free(p->data), free(p);
}

void drop_publications_of(session *s) {
  for (publication **at = publications(); *at != NULL;) {
    if ((*at)->owner == s) drop(at);
    else at = &(*at)->next;
  }
}

static void drop_publication(const publication *p) {
  publication **at = publications();
  while (*at != NULL && *at != p) at = &(*at)->next;
  if (*at != NULL) drop(at);
}

void free_stream(stream *s) {
  if (s->publication != NULL && !s->publication->complete) drop_publication(s->publication);
  free(s);
}

void free_information(information *i) {
  free(i->bytes);
  free(i);
}

/* Everything that must hold before a handle is used. */
static DWORD usable(void *session_handle, const session *owner, int dead) {
  if (session_of(session_handle) == NULL || owner != session_of(session_handle)) return ERROR_INVALID_HANDLE;
  return dead ? PEERDIST_ERROR_INVALIDATED : ERROR_SUCCESS;
}

API DWORD WAPI PeerDistServerPublishStream(void *handle, DWORD id_size, const BYTE *id, ULONGLONG size,
                                           const PEERDIST_PUBLICATION_OPTIONS *options, HANDLE port, ULONG_PTR key, void **out) {
  DWORD fault = enter("PeerDistServerPublishStream");
  (void)port, (void)key;
  if (fault != 0) return leave(fault);
  session *s = session_of(handle);
  if (s == NULL) return leave(ERROR_INVALID_HANDLE);
  if (refused() != 0) return leave(refused());
  if (id == NULL || id_size == 0 || id_size > 256 || out == NULL) return leave(ERROR_INVALID_PARAMETER);
  if (options != NULL && (options->dwVersion < 1 || options->dwVersion > 2 || options->dwFlags != 0)) return leave(ERROR_INVALID_PARAMETER);
  if (find_publication(id, id_size) != NULL) return leave(PEERDIST_ERROR_ALREADY_EXISTS);
  publication *p = calloc(1, sizeof *p);
  *p = (publication){.next = *publications(), .machine = &here, .owner = s, .id = malloc(id_size), .id_size = id_size, .announced = size};
  p->version = options == NULL ? 1 : options->dwVersion;
  memcpy(p->id, id, id_size);
  *publications() = p;
  stream *x = calloc(1, sizeof *x);
  *x = (stream){s, p, 0, 0};
  *out = handle_open(STREAM_HANDLE, x);
  return leave(ERROR_SUCCESS);
}

static DWORD start_on_stream(operation_kind kind, void *handle, void *stream_handle, DWORD size, BYTE *buffer, OVERLAPPED *overlapped) {
  stream *x = handle_object(STREAM_HANDLE, stream_handle);
  if (x == NULL) return ERROR_INVALID_HANDLE;
  DWORD code = usable(handle, x->session, x->dead);
  if (code != ERROR_SUCCESS) return code;
  int bad = overlapped == NULL || x->busy || x->publication == NULL || x->publication->complete || (size > 0 && buffer == NULL);
  if (bad) return ERROR_INVALID_PARAMETER;
  x->busy = 1;
  return start((operation){.kind = kind, .session = x->session, .subject = x, .overlapped = overlapped, .buffer = buffer, .size = size});
}

API DWORD WAPI PeerDistServerPublishAddToStream(void *handle, void *stream_handle, DWORD size, BYTE *buffer, OVERLAPPED *overlapped) {
  DWORD fault = enter("PeerDistServerPublishAddToStream");
  return leave(fault != 0 ? fault : start_on_stream(ADD_TO_STREAM, handle, stream_handle, size, buffer, overlapped));
}

API DWORD WAPI PeerDistServerPublishCompleteStream(void *handle, void *stream_handle, OVERLAPPED *overlapped) {
  DWORD fault = enter("PeerDistServerPublishCompleteStream");
  return leave(fault != 0 ? fault : start_on_stream(COMPLETE_STREAM, handle, stream_handle, 0, NULL, overlapped));
}

API DWORD WAPI PeerDistServerCloseStreamHandle(void *handle, void *stream_handle) {
  DWORD fault = enter_releasing("PeerDistServerCloseStreamHandle");
  stream *x = handle_object(STREAM_HANDLE, stream_handle);
  if (x == NULL || x->session != session_of(handle)) return leave(handle_refuse_close(stream_handle, ERROR_INVALID_HANDLE));
  cancel(x->session, x, NULL);
  free_stream(handle_close(STREAM_HANDLE, stream_handle));
  return leave(fault);
}

API DWORD WAPI PeerDistServerUnpublish(void *handle, DWORD id_size, const BYTE *id) {
  DWORD fault = enter("PeerDistServerUnpublish");
  if (fault != 0) return leave(fault);
  if (session_of(handle) == NULL) return leave(ERROR_INVALID_HANDLE);
  if (id == NULL || id_size == 0) return leave(ERROR_INVALID_PARAMETER);
  publication *p = find_publication(id, id_size);
  if (p == NULL) return leave(1168);
  drop_publication(p);
  return leave(ERROR_SUCCESS);
}

/*
 * The simulator's own content information: "SIMINFO" with the version, the content's length, the range, a hash for each block. Opaque
 * to everybody but the client side of the simulator, as the real one is to applications.
 */
static void describe(const publication *p, uint64_t from, uint64_t to, information *i) {
  uint64_t blocks = (p->size + BLOCK - 1) / BLOCK;
  uint64_t head[4] = {0, p->size, from, to};
  memcpy(head, p->version == 1 ? "SIMINFO1" : "SIMINFO2", 8);
  i->size = sizeof head + blocks * 8;
  i->bytes = malloc(i->size);
  memcpy(i->bytes, head, sizeof head);
  for (uint64_t b = 0; b < blocks; b++) {
    uint64_t size = p->size - b * BLOCK < BLOCK ? p->size - b * BLOCK : BLOCK;
    uint64_t hash = hash_of(p->data + b * BLOCK, size);
    memcpy(i->bytes + sizeof head + b * 8, &hash, 8);
  }
}

static DWORD open_information(void *handle, DWORD id_size, const BYTE *id, uint64_t from, uint64_t size, DWORD oldest, DWORD newest,
                              void **out) {
  session *s = session_of(handle);
  if (s == NULL) return ERROR_INVALID_HANDLE;
  if (refused() != 0) return refused();
  if (id == NULL || id_size == 0 || out == NULL) return ERROR_INVALID_PARAMETER;
  publication *p = find_publication(id, id_size);
  if (p == NULL || !p->complete) return 1168;
  if (p->version < oldest || p->version > newest) return PEERDIST_ERROR_VERSION_UNSUPPORTED;
  if (from > p->size || (from == p->size && p->size > 0) || size > p->size - from) return ERROR_INVALID_PARAMETER;
  information *i = calloc(1, sizeof *i);
  i->session = s;
  i->id_size = id_size;
  memcpy(i->id, id, id_size);
  describe(p, from, size == 0 ? p->size : from + size, i);
  *out = handle_open(INFORMATION_HANDLE, i);
  return ERROR_SUCCESS;
}

API DWORD WAPI PeerDistServerOpenContentInformation(void *handle, DWORD id_size, const BYTE *id, ULONGLONG from, ULONGLONG size,
                                                    HANDLE port, ULONG_PTR key, void **out) {
  DWORD fault = enter("PeerDistServerOpenContentInformation");
  (void)port, (void)key;
  return leave(fault != 0 ? fault : open_information(handle, id_size, id, from, size, 1, 2, out));
}

API_OF_WINDOWS_8 DWORD WAPI PeerDistServerOpenContentInformationEx(void *handle, DWORD id_size, const BYTE *id, ULONGLONG from,
                                                                   ULONGLONG size, const PEERDIST_RETRIEVAL_OPTIONS *options,
                                                                   HANDLE port, ULONG_PTR key, void **out) {
  DWORD fault = enter("PeerDistServerOpenContentInformationEx");
  (void)port, (void)key;
  if (fault != 0) return leave(fault);
  int bad = options == NULL || options->cbSize != sizeof *options || options->dwReserved != 0 ||
            options->dwContentInfoMinVersion < 1 || options->dwContentInfoMaxVersion > 2 ||
            options->dwContentInfoMinVersion > options->dwContentInfoMaxVersion;
  if (bad) return leave(ERROR_INVALID_PARAMETER);
  return leave(open_information(handle, id_size, id, from, size, options->dwContentInfoMinVersion, options->dwContentInfoMaxVersion, out));
}

API DWORD WAPI PeerDistServerRetrieveContentInformation(void *handle, void *information_handle, DWORD size, BYTE *buffer,
                                                        OVERLAPPED *overlapped) {
  DWORD fault = enter("PeerDistServerRetrieveContentInformation");
  if (fault != 0) return leave(fault);
  information *i = handle_object(INFORMATION_HANDLE, information_handle);
  if (i == NULL) return leave(ERROR_INVALID_HANDLE);
  DWORD code = usable(handle, i->session, i->dead);
  if (code != ERROR_SUCCESS) return leave(code);
  if (size == 0 || buffer == NULL || overlapped == NULL) return leave(ERROR_INVALID_PARAMETER);
  return leave(start((operation){
      .kind = RETRIEVE, .session = i->session, .subject = i, .overlapped = overlapped, .buffer = buffer, .size = size}));
}

API DWORD WAPI PeerDistServerCloseContentInformation(void *handle, void *information_handle) {
  DWORD fault = enter_releasing("PeerDistServerCloseContentInformation");
  information *i = handle_object(INFORMATION_HANDLE, information_handle);
  if (i == NULL || i->session != session_of(handle)) return leave(handle_refuse_close(information_handle, ERROR_INVALID_HANDLE));
  cancel(i->session, i, NULL);
  free_information(handle_close(INFORMATION_HANDLE, information_handle));
  return leave(fault);
}

API DWORD WAPI PeerDistServerCancelAsyncOperation(void *handle, DWORD id_size, const BYTE *id, OVERLAPPED *overlapped) {
  DWORD fault = enter("PeerDistServerCancelAsyncOperation");
  if (fault != 0) return leave(fault);
  session *s = session_of(handle);
  if (s == NULL) return leave(ERROR_INVALID_HANDLE);
  if (id == NULL || id_size == 0 || overlapped == NULL) return leave(ERROR_INVALID_PARAMETER);
  return leave(cancel_on_request(s, NULL, overlapped) > 0 ? ERROR_SUCCESS : PEERDIST_ERROR_OPERATION_NOTFOUND);
}

static DWORD add_to_stream(publication *p, const BYTE *bytes, DWORD size) {
  if (p->announced > 0 && p->size + size > p->announced) return ERROR_INVALID_PARAMETER;
  p->data = realloc(p->data, p->size + size + 1);
  memcpy(p->data + p->size, bytes, size);
  p->size += size;
  return ERROR_SUCCESS;
}

DWORD perform_server(operation *op, DWORD *transferred) {
  if (op->kind == RETRIEVE) {
    information *i = op->subject;
    if (i->dead) return PEERDIST_ERROR_INVALIDATED;
    size_t left = i->size - i->read;
    if (left == 0) return PEERDIST_ERROR_NO_MORE;
    *transferred = (DWORD)(left < op->size ? left : op->size);
    memcpy(op->buffer, i->bytes + i->read, *transferred);
    i->read += *transferred;
    return ERROR_SUCCESS;
  }
  stream *x = op->subject;
  if (x->dead) return PEERDIST_ERROR_INVALIDATED;
  publication *p = x->publication;
  if (p == NULL) return ERROR_OPERATION_ABORTED;
  if (op->kind == ADD_TO_STREAM) return add_to_stream(p, op->buffer, op->size);
  if (p->announced > 0 && p->size != p->announced) return ERROR_INVALID_PARAMETER;
  p->complete = 1;
  return ERROR_SUCCESS;
}
