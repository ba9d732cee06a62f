/* Asynchronous operations: a queue and one thread that completes them. */
#include "model.h"

static sim_condition work = SIM_CONDITION_INIT;
static operation *queue_first, *queue_last;
static int worker_runs;
static int32_t pending;

DWORD enter(const char *function) {
  uint32_t fault = fault_for(function, ERROR_NOT_ENOUGH_MEMORY);
  sim_acquire(&Sim_World()->lock);
  return fault;
}

DWORD enter_releasing(const char *function) { return enter(function); }

DWORD leave(DWORD code) {
  sim_release(&Sim_World()->lock);
  return code;
}

int32_t pending_operations(void) { return pending; }

/* Whoever waits learns it now; the OVERLAPPED is not touched afterwards. */
void complete(operation *op, DWORD code, DWORD transferred, uint64_t offset) {
  OVERLAPPED *overlapped = op->overlapped;
  HANDLE event = overlapped->hEvent;
  pending--;
  if (op->kind == ADD_TO_STREAM || op->kind == COMPLETE_STREAM) ((stream *)op->subject)->busy = 0;
  overlapped->InternalHigh = transferred;
  overlapped->Offset = (DWORD)offset;
  overlapped->OffsetHigh = (DWORD)(offset >> 32);
  __atomic_store_n(&overlapped->Internal, code, __ATOMIC_RELEASE);
  if (op->port != NULL) PostQueuedCompletionStatus(op->port, transferred, op->key, overlapped);
  if (event != NULL) SetEvent(event);
  free(op);
}

static operation *taken_out(operation **at) {
  operation *op = *at;
  *at = op->next;
  if (queue_last == op) {
    queue_last = queue_first;
    while (queue_last != NULL && queue_last->next != NULL) queue_last = queue_last->next;
  }
  return op;
}

/* The first operation that can end now; NULL if all are waiting for data. */
static int complete_one(void) {
  for (operation **at = &queue_first; *at != NULL; at = &(*at)->next) {
    uint64_t offset = (*at)->overlapped->Offset | (uint64_t)(*at)->overlapped->OffsetHigh << 32;
    DWORD transferred = 0;
    int wait = 0;
    DWORD code = (*at)->cancelled ? ERROR_OPERATION_ABORTED : perform(*at, &offset, &transferred, &wait);
    if (wait) continue;
    complete(taken_out(at), code, transferred, offset);
    return 1;
  }
  return 0;
}

static void run_worker(void *unused) {
  sim_lock *lock = &Sim_World()->lock;
  (void)unused;
  sim_acquire(lock);
  for (;;) {
    if (complete_one()) continue;
    if (queue_first == NULL) sim_wait(&work, lock);
    else sim_wait_for(&work, lock, 5);
  }
}

DWORD start(operation given) {
  operation *op = malloc(sizeof *op);
  *op = given;
  op->next = NULL;
  op->overlapped->Internal = 259;
  pending++;
  if (op->kind == REGISTRATION) {
    op->session->registration = op;
    offer_status(op->session);
    return ERROR_IO_PENDING;
  }
  if (queue_last != NULL) queue_last->next = op;
  else queue_first = op;
  queue_last = op;
  if (!worker_runs) {
    worker_runs = 1;
    sim_spawn(run_worker, NULL);
  }
  sim_wake_all(&work);
  return ERROR_IO_PENDING;
}

uint32_t cancel(session *s, void *subject, OVERLAPPED *overlapped) {
  uint32_t found = 0;
  for (operation **at = &queue_first; *at != NULL;) {
    operation *op = *at;
    int meant = op->session == s && (subject == NULL || op->subject == subject) &&
                (overlapped == NULL || op->overlapped == overlapped);
    if (!meant) {
      at = &op->next;
      continue;
    }
    found++;
    complete(taken_out(at), ERROR_OPERATION_ABORTED, 0, 0);
  }
  return found;
}

DWORD perform(operation *op, uint64_t *offset, DWORD *transferred, int *wait) {
  switch (op->kind) {
  case ADD_TO_STREAM:
  case COMPLETE_STREAM:
  case RETRIEVE: return perform_server(op, transferred);
  default: return perform_client(op, offset, transferred, wait);
  }
}

API_OF_WINDOWS_8 BOOL WAPI PeerDistGetOverlappedResult(OVERLAPPED *overlapped, DWORD *transferred, BOOL wait) {
  (void)wait;
  ULONG_PTR internal = __atomic_load_n(&overlapped->Internal, __ATOMIC_ACQUIRE);
  if (internal == 259) {
    SetLastError(ERROR_IO_INCOMPLETE);
    return 0;
  }
  *transferred = (DWORD)overlapped->InternalHigh;
  SetLastError((DWORD)internal);
  return internal == 0;
}
