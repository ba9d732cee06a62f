/*
 * How a completion reaches the caller: the bytes in its memory, then the event, the packet or both. Until then all of
 * that memory is the service's, which is free to write it up to the last moment - and here it does, so that memory that
 * was given back too early shows.
 */
#include "model.h"

#define NEVER UINT32_MAX
#define RUBBISH 0xee

static uint32_t packet_delay_us, event_delay_us;
static int32_t late;

/* Whether the service reads the buffer rather than writing it. */
static int is_input(operation_kind kind) {
  return kind == ADD_TO_STREAM || kind == ADD_INFORMATION || kind == ADD_DATA;
}

static void touch(const operation *op, DWORD code) {
  if (op->status != NULL && code == ERROR_SUCCESS) *op->status = op->news;
  if (op->status != NULL && code != ERROR_SUCCESS) *(volatile uint32_t *)op->status = *op->status;
  if (op->buffer == NULL || code == ERROR_SUCCESS) return;
  volatile BYTE seen = 0;
  for (DWORD i = 0; is_input(op->kind) && i < op->size; i++) seen ^= op->buffer[i];
  if (!is_input(op->kind)) memset(op->buffer, RUBBISH, op->size);
}

void complete(operation *op, DWORD code, DWORD transferred, uint64_t offset) {
  OVERLAPPED *overlapped = op->overlapped;
  HANDLE event = overlapped->hEvent;
  touch(op, code);
  overlapped->InternalHigh = transferred;
  overlapped->Offset = (DWORD)offset;
  overlapped->OffsetHigh = (DWORD)(offset >> 32);
  /* The caller may free everything as soon as it sees this. */
  __atomic_store_n(&overlapped->Internal, code, __ATOMIC_RELEASE);
  signal_completion(event, op->port, op->key, transferred, overlapped);
  free(op);
}

typedef struct {
  HANDLE event, port;
  ULONG_PTR key;
  DWORD transferred;
  OVERLAPPED *overlapped;
  uint32_t delay_us;
} signal;

static void make(const signal *s) {
  if (s->port != NULL) PostQueuedCompletionStatus(s->port, s->transferred, s->key, s->overlapped);
  if (s->event != NULL) SetEvent(s->event);
}

static void make_late(void *given) {
  signal s = *(signal *)given;
  free(given);
  sim_sleep_us(s.delay_us);
  sim_acquire(&Sim_World()->lock);
  make(&s);
  late--;
  sim_release(&Sim_World()->lock);
}

static void make_after(signal s, uint32_t delay_us) {
  if (delay_us == NEVER) return;
  if (delay_us == 0) {
    make(&s);
    return;
  }
  signal *copy = malloc(sizeof *copy);
  *copy = s;
  copy->delay_us = delay_us;
  late++;
  sim_spawn(make_late, copy);
}

void signal_completion(HANDLE event, HANDLE port, ULONG_PTR key, DWORD transferred, OVERLAPPED *overlapped) {
  if (port == NULL) {
    make_after((signal){.event = event}, 0);
    return;
  }
  make_after((signal){.port = port, .key = key, .transferred = transferred, .overlapped = overlapped}, packet_delay_us);
  make_after((signal){.event = event}, event_delay_us);
}

int32_t late_signals(void) { return late; }

/*
 * With a completion port the page of the status registration has a packet posted and hEvent set as well, the overview
 * of asynchronous calls the event only: here each comes after its own delay, UINT32_MAX for never.
 */
API void SimPeerDist_SetPortSignals(uint32_t packet_us, uint32_t event_us) {
  sim_acquire(&Sim_World()->lock);
  packet_delay_us = packet_us;
  event_delay_us = event_us;
  sim_release(&Sim_World()->lock);
}
