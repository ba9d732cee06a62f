/* Linux only: events, waiting, completion ports and a few memory functions of Windows behind their own names. */
#ifndef _WIN32
#include "port.h"

enum { EVENT = 0x45564e54, PORT = 0x504f5254 };

typedef struct packet { struct packet *next; OVERLAPPED_ENTRY entry; } packet;
typedef struct { uint32_t kind; int manual, signalled; packet *first, *last; } object;

#define WAIT_TIMEOUT 258u
#define WAIT_FAILED 0xffffffffu

static sim_lock lock = SIM_LOCK_INIT;
static sim_condition changed = SIM_CONDITION_INIT;
static int32_t live_objects;
static __thread DWORD last_error;

API DWORD GetLastError(void) { return last_error; }
API void SetLastError(DWORD code) { last_error = code; }
API int32_t SimKernel_LiveObjects(void) { return live_objects; }

static object *create(uint32_t kind) {
  object *o = calloc(1, sizeof *o);
  o->kind = kind;
  sim_acquire(&lock);
  live_objects++;
  sim_release(&lock);
  return o;
}

static object *checked(HANDLE handle, uint32_t kind) {
  object *o = handle;
  if (o != NULL && o->kind == kind) return o;
  last_error = ERROR_INVALID_HANDLE;
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
  object *o = checked(event, EVENT);
  if (o == NULL) return 0;
  sim_acquire(&lock);
  o->signalled = 1;
  sim_wake_all(&changed);
  sim_release(&lock);
  return 1;
}

API BOOL CloseHandle(HANDLE handle) {
  object *o = handle;
  if (o == NULL || (o->kind != EVENT && o->kind != PORT)) {
    last_error = ERROR_INVALID_HANDLE;
    return 0;
  }
  sim_acquire(&lock);
  live_objects--;
  o->kind = 0;
  while (o->first != NULL) {
    packet *next = o->first->next;
    free(o->first);
    o->first = next;
  }
  sim_release(&lock);
  free(o);
  return 1;
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
  for (DWORD i = 0; i < count; i++) {
    if (checked(handles[i], EVENT) == NULL) return WAIT_FAILED;
  }
  uint64_t until = sim_ticks_ms() + milliseconds;
  sim_acquire(&lock);
  DWORD result = take_first_signalled(count, handles);
  for (uint64_t now = sim_ticks_ms(); result == WAIT_TIMEOUT && now < until; now = sim_ticks_ms()) {
    sim_wait_for(&changed, &lock, (uint32_t)(until - now));
    result = take_first_signalled(count, handles);
  }
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
  object *o = checked(port, PORT);
  if (o == NULL) return 0;
  packet *p = calloc(1, sizeof *p);
  p->entry = (OVERLAPPED_ENTRY){key, overlapped, overlapped == NULL ? 0 : overlapped->Internal, bytes};
  sim_acquire(&lock);
  if (o->first == NULL) o->first = p;
  else o->last->next = p;
  o->last = p;
  sim_release(&lock);
  return 1;
}

/* Only without waiting, as the driver looks at a port and never blocks on it. */
API BOOL GetQueuedCompletionStatusEx(HANDLE port, OVERLAPPED_ENTRY *entries, DWORD room, DWORD *removed,
                                     DWORD milliseconds, BOOL alertable) {
  (void)milliseconds, (void)alertable;
  object *o = checked(port, PORT);
  *removed = 0;
  if (o == NULL) return 0;
  sim_acquire(&lock);
  while (o->first != NULL && *removed < room) {
    packet *p = o->first;
    o->first = p->next;
    entries[(*removed)++] = p->entry;
    free(p);
  }
  sim_release(&lock);
  if (*removed == 0) last_error = WAIT_TIMEOUT;
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
