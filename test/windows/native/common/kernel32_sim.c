/*
 * Linux only: events, waiting, completion ports and a few memory functions of Windows behind their own names. A handle
 * that is not open, or is closed while a thread waits for it, is refused and counted.
 */
#ifndef _WIN32
#include "port.h"

enum { EVENT = 1, PORT };

typedef struct packet { struct packet *next; OVERLAPPED_ENTRY entry; } packet;
typedef struct object {
  struct object *next;
  uint32_t kind;
  int manual, signalled, waits;
  packet *first, *last;
} object;

#define WAIT_TIMEOUT 258u
#define WAIT_FAILED 0xffffffffu

static sim_lock lock = SIM_LOCK_INIT;
static sim_condition changed = SIM_CONDITION_INIT;
static object *objects;
static int32_t refused;
static __thread DWORD last_error;

API DWORD GetLastError(void) { return last_error; }
API void SetLastError(DWORD code) { last_error = code; }

API int32_t SimKernel_LiveObjects(void) {
  int32_t live = 0;
  sim_acquire(&lock);
  for (object *o = objects; o != NULL; o = o->next) live++;
  sim_release(&lock);
  return live;
}

API int32_t SimKernel_RefusedHandles(void) { return refused; }

static object *create(uint32_t kind) {
  object *o = calloc(1, sizeof *o);
  o->kind = kind;
  sim_acquire(&lock);
  o->next = objects;
  objects = o;
  sim_release(&lock);
  return o;
}

static BOOL refuse(void) {
  refused++;
  last_error = ERROR_INVALID_HANDLE;
  return 0;
}

/* The open object behind a handle, NULL if there is none. Under the lock. */
static object *checked(HANDLE handle, uint32_t kind) {
  for (object *o = objects; o != NULL; o = o->next) {
    if (o == handle && o->kind == kind) return o;
  }
  refuse();
  return NULL;
}

API HANDLE CreateEventW(void *attributes, BOOL manual, BOOL signalled, const c16 *name) {
  (void)attributes, (void)name;
  object *o = create(EVENT);
  o->manual = manual;
  o->signalled = signalled;
  return o;
}

API BOOL SetEvent(HANDLE event) {
  sim_acquire(&lock);
  object *o = checked(event, EVENT);
  if (o != NULL) o->signalled = 1;
  sim_wake_all(&changed);
  sim_release(&lock);
  return o != NULL;
}

static void free_object(object *o) {
  while (o->first != NULL) {
    packet *next = o->first->next;
    free(o->first);
    o->first = next;
  }
  free(o);
}

API BOOL CloseHandle(HANDLE handle) {
  sim_acquire(&lock);
  object **at = &objects;
  while (*at != NULL && *at != handle) at = &(*at)->next;
  object *o = *at;
  BOOL ok = o == NULL || o->waits > 0 ? refuse() : 1;
  if (ok) *at = o->next;
  sim_release(&lock);
  if (ok) free_object(o);
  return ok;
}

static DWORD take_first_signalled(DWORD count, HANDLE *handles) {
  for (DWORD i = 0; i < count; i++) {
    object *o = handles[i];
    if (!o->signalled) continue;
    if (!o->manual) o->signalled = 0;
    return i;
  }
  return WAIT_TIMEOUT;
}

API DWORD WaitForMultipleObjects(DWORD count, HANDLE *handles, BOOL all, DWORD milliseconds) {
  if (count == 0 || count > 64 || all) {
    last_error = ERROR_INVALID_PARAMETER;
    return WAIT_FAILED;
  }
  uint64_t until = sim_ticks_ms() + milliseconds;
  sim_acquire(&lock);
  for (DWORD i = 0; i < count; i++) {
    if (checked(handles[i], EVENT) != NULL) continue;
    sim_release(&lock);
    return WAIT_FAILED;
  }
  for (DWORD i = 0; i < count; i++) ((object *)handles[i])->waits++;
  DWORD result = take_first_signalled(count, handles);
  for (uint64_t now = sim_ticks_ms(); result == WAIT_TIMEOUT && now < until; now = sim_ticks_ms()) {
    sim_wait_for(&changed, &lock, (uint32_t)(until - now));
    result = take_first_signalled(count, handles);
  }
  for (DWORD i = 0; i < count; i++) ((object *)handles[i])->waits--;
  sim_release(&lock);
  return result;
}

API DWORD WaitForSingleObject(HANDLE handle, DWORD milliseconds) {
  return WaitForMultipleObjects(1, &handle, 0, milliseconds);
}

API HANDLE CreateIoCompletionPort(HANDLE file, HANDLE port, ULONG_PTR key, DWORD threads) {
  (void)file, (void)port, (void)key, (void)threads;
  return create(PORT);
}

API BOOL PostQueuedCompletionStatus(HANDLE port, DWORD bytes, ULONG_PTR key, OVERLAPPED *overlapped) {
  packet *p = calloc(1, sizeof *p);
  /* The OVERLAPPED is not looked at: its owner may have learnt of the completion in another way. */
  p->entry = (OVERLAPPED_ENTRY){key, overlapped, 0, bytes};
  sim_acquire(&lock);
  object *o = checked(port, PORT);
  if (o != NULL && o->first == NULL) o->first = p;
  else if (o != NULL) o->last->next = p;
  if (o != NULL) o->last = p;
  sim_release(&lock);
  if (o == NULL) free(p);
  return o != NULL;
}

/* Only without waiting, as the driver looks at a port and never blocks on it. */
API BOOL GetQueuedCompletionStatusEx(HANDLE port, OVERLAPPED_ENTRY *entries, DWORD room, DWORD *removed,
                                     DWORD milliseconds, BOOL alertable) {
  (void)milliseconds, (void)alertable;
  *removed = 0;
  sim_acquire(&lock);
  object *o = checked(port, PORT);
  while (o != NULL && o->first != NULL && *removed < room) {
    packet *p = o->first;
    o->first = p->next;
    entries[(*removed)++] = p->entry;
    free(p);
  }
  sim_release(&lock);
  if (o != NULL && *removed == 0) last_error = WAIT_TIMEOUT;
  return *removed > 0;
}

API BOOL GetOverlappedResult(HANDLE file, OVERLAPPED *overlapped, DWORD *transferred, BOOL wait) {
  (void)file, (void)wait;
  ULONG_PTR internal = __atomic_load_n(&overlapped->Internal, __ATOMIC_ACQUIRE);
  if (internal == 259) {
    last_error = ERROR_IO_INCOMPLETE;
    return 0;
  }
  *transferred = (DWORD)overlapped->InternalHigh;
  last_error = (DWORD)internal;
  return internal == 0;
}

API void RtlMoveMemory(void *to, const void *from, size_t count) { memmove(to, from, count); }

/* Not a cipher: enough to see that nobody reads a text that is held. */
API BOOL CryptProtectMemory(void *data, DWORD count, DWORD flags) {
  (void)flags;
  if (count % 16 != 0) return 0;
  for (DWORD i = 0; i < count; i++) ((uint8_t *)data)[i] ^= 0xa5;
  return 1;
}

API BOOL CryptUnprotectMemory(void *data, DWORD count, DWORD flags) { return CryptProtectMemory(data, count, flags); }
#endif
