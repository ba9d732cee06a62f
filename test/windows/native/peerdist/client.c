/* Downloading by content information. */
#include "model.h"

static cached *cache;

const cached *find_cached(uint64_t hash) {
  for (const cached *c = cache; c != NULL; c = c->next) {
    if (c->hash == hash) return c;
  }
  return NULL;
}

static void keep_block(const BYTE tag[16], uint64_t hash, const BYTE *bytes, DWORD size) {
  if (find_cached(hash) != NULL) return;
  cached *c = calloc(1, sizeof *c);
  *c = (cached){.next = cache, .hash = hash, .bytes = malloc(size + 1), .size = size};
  memcpy(c->tag, tag, 16);
  memcpy(c->bytes, bytes, size);
  cache = c;
}

static void forget_tag(const BYTE *tag) {
  for (cached **at = &cache; *at != NULL;) {
    cached *c = *at;
    if (tag != NULL && memcmp(c->tag, tag, 16) != 0) {
      at = &c->next;
      continue;
    }
    *at = c->next;
    free(c->bytes), free(c);
  }
}

void free_content(content *c) {
  free(c->raw), free(c->hashes), free(c->partial), free(c->have);
  free(c);
}

void invalidate_handles(void) {
  uint32_t cursor = 0;
  for (stream *x; (x = handle_next(STREAM_HANDLE, &cursor, NULL)) != NULL;) x->dead = 1;
  cursor = 0;
  for (information *x; (x = handle_next(INFORMATION_HANDLE, &cursor, NULL)) != NULL;) x->dead = 1;
  cursor = 0;
  for (content *x; (x = handle_next(CONTENT_HANDLE, &cursor, NULL)) != NULL;) x->dead = 1;
}

API DWORD WAPI PeerDistClientOpenContent(void *handle, const PEERDIST_CONTENT_TAG *tag, HANDLE port, ULONG_PTR key, void **out) {
  DWORD fault = enter("PeerDistClientOpenContent");
  (void)port, (void)key;
  if (fault != 0) return leave(fault);
  session *s = session_of(handle);
  if (s == NULL) return leave(ERROR_INVALID_HANDLE);
  if (refused() != 0) return leave(refused());
  if (tag == NULL || out == NULL) return leave(ERROR_INVALID_PARAMETER);
  content *c = calloc(1, sizeof *c);
  c->session = s;
  memcpy(c->tag, tag->Data, 16);
  *out = handle_open(CONTENT_HANDLE, c);
  return leave(ERROR_SUCCESS);
}

/* What every asynchronous function on a content handle does first and last. */
static DWORD start_on_content(operation_kind kind, void *handle, void *content_handle, DWORD size, BYTE *buffer, uint64_t due,
                              OVERLAPPED *overlapped) {
  content *c = handle_object(CONTENT_HANDLE, content_handle);
  if (c == NULL || session_of(handle) == NULL || c->session != session_of(handle)) return ERROR_INVALID_HANDLE;
  if (c->dead) return PEERDIST_ERROR_INVALIDATED;
  if (overlapped == NULL || (size > 0 && buffer == NULL)) return ERROR_INVALID_PARAMETER;
  return start((operation){
      .kind = kind, .session = c->session, .subject = c, .overlapped = overlapped, .buffer = buffer, .size = size, .due = due});
}

API DWORD WAPI PeerDistClientAddContentInformation(void *handle, void *content_handle, DWORD size, BYTE *buffer, OVERLAPPED *overlapped) {
  DWORD fault = enter("PeerDistClientAddContentInformation");
  return leave(fault != 0 ? fault : start_on_content(ADD_INFORMATION, handle, content_handle, size, buffer, 0, overlapped));
}

API DWORD WAPI PeerDistClientCompleteContentInformation(void *handle, void *content_handle, OVERLAPPED *overlapped) {
  DWORD fault = enter("PeerDistClientCompleteContentInformation");
  return leave(fault != 0 ? fault : start_on_content(COMPLETE_INFORMATION, handle, content_handle, 0, NULL, 0, overlapped));
}

API DWORD WAPI PeerDistClientAddData(void *handle, void *content_handle, DWORD size, BYTE *buffer, OVERLAPPED *overlapped) {
  DWORD fault = enter("PeerDistClientAddData");
  return leave(fault != 0 ? fault : start_on_content(ADD_DATA, handle, content_handle, size, buffer, 0, overlapped));
}

static uint64_t due_after(DWORD timeout) { return timeout == 0 ? 0 : sim_ticks_ms() + (timeout == 0xfffffffe ? 5000 : timeout); }

API DWORD WAPI PeerDistClientStreamRead(void *handle, void *content_handle, DWORD size, BYTE *buffer, DWORD timeout, OVERLAPPED *overlapped) {
  DWORD fault = enter("PeerDistClientStreamRead");
  return leave(fault != 0 ? fault
                          : start_on_content(STREAM_READ, handle, content_handle, size, buffer, due_after(timeout), overlapped));
}

API DWORD WAPI PeerDistClientBlockRead(void *handle, void *content_handle, DWORD size, BYTE *buffer, DWORD timeout, OVERLAPPED *overlapped) {
  DWORD fault = enter("PeerDistClientBlockRead");
  return leave(fault != 0 ? fault
                          : start_on_content(BLOCK_READ, handle, content_handle, size, buffer, due_after(timeout), overlapped));
}

API DWORD WAPI PeerDistClientCloseContent(void *handle, void *content_handle) {
  DWORD fault = enter_releasing("PeerDistClientCloseContent");
  content *c = handle_object(CONTENT_HANDLE, content_handle);
  if (c == NULL || c->session != session_of(handle)) return leave(handle_refuse_close(content_handle, ERROR_INVALID_HANDLE));
  cancel(c->session, c, NULL);
  free_content(handle_close(CONTENT_HANDLE, content_handle));
  return leave(fault);
}

API DWORD WAPI PeerDistClientFlushContent(void *handle, const PEERDIST_CONTENT_TAG *tag, HANDLE port, ULONG_PTR key, OVERLAPPED *overlapped) {
  DWORD fault = enter("PeerDistClientFlushContent");
  if (fault != 0) return leave(fault);
  session *s = session_of(handle);
  if (s == NULL) return leave(ERROR_INVALID_HANDLE);
  if (refused() != 0) return leave(refused());
  if (tag == NULL || overlapped == NULL) return leave(ERROR_INVALID_PARAMETER);
  operation op = {.kind = FLUSH, .session = s, .overlapped = overlapped, .port = port, .key = key};
  memcpy(op.tag, tag->Data, 16);
  return leave(start(op));
}

API DWORD WAPI PeerDistClientCancelAsyncOperation(void *handle, void *content_handle, OVERLAPPED *overlapped) {
  DWORD fault = enter("PeerDistClientCancelAsyncOperation");
  if (fault != 0) return leave(fault);
  content *c = handle_object(CONTENT_HANDLE, content_handle);
  if (c == NULL || c->session != session_of(handle)) return leave(ERROR_INVALID_HANDLE);
  return leave(cancel_on_request(c->session, c, overlapped) > 0 ? ERROR_SUCCESS : PEERDIST_ERROR_OPERATION_NOTFOUND);
}

API_OF_WINDOWS_8 DWORD WAPI PeerDistClientGetInformationByHandle(void *handle, void *content_handle, int32_t class, DWORD size,
                                                                 void *out) {
  DWORD fault = enter("PeerDistClientGetInformationByHandle");
  if (fault != 0) return leave(fault);
  content *c = handle_object(CONTENT_HANDLE, content_handle);
  if (c == NULL || c->session != session_of(handle)) return leave(ERROR_INVALID_HANDLE);
  if (class != 0 || size < sizeof(PEERDIST_CLIENT_BASIC_INFO) || out == NULL) return leave(ERROR_INVALID_PARAMETER);
  ((PEERDIST_CLIENT_BASIC_INFO *)out)->fFlashCrowd = 0;
  return leave(ERROR_SUCCESS);
}

static DWORD parse_information(content *c) {
  uint64_t head[4];
  if (c->raw_size < sizeof head || (memcmp(c->raw, "SIMINFO1", 8) != 0 && memcmp(c->raw, "SIMINFO2", 8) != 0)) return PEERDIST_ERROR_CANNOT_PARSE_CONTENTINFO;
  memcpy(head, c->raw, sizeof head);
  uint64_t blocks = (head[1] + BLOCK - 1) / BLOCK;
  if (c->raw_size != sizeof head + blocks * 8) return PEERDIST_ERROR_CANNOT_PARSE_CONTENTINFO;
  c->size = head[1], c->from = head[2], c->to = head[3];
  c->cursor = c->from;
  c->hashes = malloc(blocks * 8 + 8);
  memcpy(c->hashes, c->raw + sizeof head, blocks * 8);
  c->partial = calloc(1, c->size + 1);
  c->have = calloc(1, c->size + 1);
  c->described = 1;
  return ERROR_SUCCESS;
}

static DWORD block_size(const content *c, uint64_t block) {
  uint64_t left = c->size - block * BLOCK;
  return (DWORD)(left < BLOCK ? left : BLOCK);
}

/* Consecutive bytes in the cache from `at` on, `most` of them; copied if `to` is not NULL. */
static DWORD read_cached(const content *c, uint64_t at, DWORD most, BYTE *to) {
  DWORD done = 0;
  while (done < most && at + done < c->to) {
    uint64_t block = (at + done) / BLOCK, inside = (at + done) % BLOCK;
    const cached *found = find_cached(c->hashes[block]);
    if (found == NULL) break;
    uint64_t here = found->size - inside, left = c->to - at - done;
    if (here > left) here = left;
    if (here > most - done) here = most - done;
    if (to != NULL) memcpy(to + done, found->bytes + inside, here);
    done += (DWORD)here;
  }
  return done;
}

/* Asks the other machines for a block that the cache lacks. */
static void fetch_block(const content *c, uint64_t block) {
  if (find_cached(c->hashes[block]) != NULL) return;
  const BYTE *bytes = find_served(c->hashes[block], block_size(c, block));
  if (bytes != NULL) keep_block(c->tag, c->hashes[block], bytes, block_size(c, block));
}

/* From `at` to the next byte that the cache has, or the end. */
static uint64_t gap(const content *c, uint64_t at) {
  uint64_t end = at;
  while (end < c->to && find_cached(c->hashes[end / BLOCK]) == NULL) end = (end / BLOCK + 1) * BLOCK;
  return (end < c->to ? end : c->to) - at;
}

static DWORD read_content(operation *op, uint64_t *offset, DWORD *transferred, int *wait) {
  content *c = op->subject;
  int streams = op->kind == STREAM_READ;
  uint64_t at = streams ? c->cursor : *offset;
  if (!c->described) return ERROR_INVALID_PARAMETER;
  if (at < c->from || at >= c->to) return PEERDIST_ERROR_NO_MORE;
  *offset = at;
  if (op->size == 0) {
    *transferred = read_cached(c, at, UINT32_MAX, NULL);
    return ERROR_SUCCESS;
  }
  if (op->due != 0) fetch_block(c, at / BLOCK);
  *transferred = read_cached(c, at, op->size, op->buffer);
  if (*transferred > 0) {
    if (streams) c->cursor += *transferred;
    return ERROR_SUCCESS;
  }
  if (op->due != 0 && sim_ticks_ms() < op->due) {
    *wait = 1;
    return ERROR_SUCCESS;
  }
  uint64_t missing = gap(c, at);
  *transferred = (DWORD)(missing < op->size ? missing : op->size);
  if (streams) c->cursor += *transferred;
  return op->due == 0 ? PEERDIST_ERROR_MISSING_DATA : ERROR_TIMEOUT;
}

/* Whether all bytes of a block have come; then it is checked and kept. */
static DWORD close_block(content *c, uint64_t block) {
  DWORD size = block_size(c, block);
  const BYTE *bytes = c->partial + block * BLOCK;
  if (memchr(c->have + block * BLOCK, 0, size) != NULL) return ERROR_SUCCESS;
  if (hash_of(bytes, size) != c->hashes[block]) {
    memset(c->have + block * BLOCK, 0, size);
    return PEERDIST_ERROR_TRUST_FAILURE;
  }
  keep_block(c->tag, c->hashes[block], bytes, size);
  return ERROR_SUCCESS;
}

static DWORD add_data(content *c, uint64_t at, const BYTE *bytes, DWORD size) {
  if (!c->described) return ERROR_INVALID_PARAMETER;
  if (at + size > c->size) return PEERDIST_ERROR_OUT_OF_BOUNDS;
  memcpy(c->partial + at, bytes, size);
  memset(c->have + at, 1, size);
  DWORD result = ERROR_SUCCESS;
  for (uint64_t block = at / BLOCK; size > 0 && block <= (at + size - 1) / BLOCK; block++) {
    DWORD code = close_block(c, block);
    if (code != ERROR_SUCCESS) result = code;
  }
  return result;
}

DWORD perform_client(operation *op, uint64_t *offset, DWORD *transferred, int *wait) {
  content *c = op->subject;
  if (op->kind == FLUSH) {
    forget_tag(op->tag);
    return ERROR_SUCCESS;
  }
  if (c->dead) return PEERDIST_ERROR_INVALIDATED;
  switch (op->kind) {
  case ADD_INFORMATION:
    if (c->described) return ERROR_INVALID_PARAMETER;
    c->raw = realloc(c->raw, c->raw_size + op->size + 1);
    memcpy(c->raw + c->raw_size, op->buffer, op->size);
    c->raw_size += op->size;
    return ERROR_SUCCESS;
  case COMPLETE_INFORMATION: return c->described ? ERROR_INVALID_PARAMETER : parse_information(c);
  case ADD_DATA: return add_data(c, *offset, op->buffer, op->size);
  default: return read_content(op, offset, transferred, wait);
  }
}

API void SimPeerDist_Reset(void) {
  Sim_ClearFaults();
  handle_forget_misuse();
  SimPeerDist_SetCompletionDelay(0, 0);
  SimPeerDist_LetCancelsLose(0);
  SimPeerDist_SetPortSignals(0, 0);
  SimPeerDist_ReportFailuresBy(0);
  sim_acquire(&Sim_World()->lock);
  forget_tag(NULL);
  sim_release(&Sim_World()->lock);
  SimPeerDist_SetStatus(PEERDIST_STATUS_AVAILABLE, UINT32_MAX);
}
