/*
 * Asynchronous operations: a queue and one thread that completes them, after a time that a test may set. An operation
 * that is cancelled ends the same way: at once, or later by that thread, when its handle may be long gone.
 */
#include "model.h"

static sim_condition work = SIM_CONDITION_INIT;
static operation *queue_first, *queue_last;
static int worker_runs, cancels_lose;
static uint32_t least_delay_us, most_delay_us;
static uint64_t last_ready;
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

/* xorshift32: tests want many different delays, not good ones. */
static uint32_t next_delay_ms(void) {
  static uint32_t state = 2463534242u;
  state ^= state << 13, state ^= state >> 17, state ^= state << 5;
  return (least_delay_us + state % (most_delay_us - least_delay_us + 1)) / 1000;
}

static int is_ready(const operation *op) { return op->ready <= sim_ticks_ms(); }

static operation *taken_out(operation **at) {
  operation *op = *at;
  *at = op->next;
  if (queue_last == op) {
    queue_last = queue_first;
    while (queue_last != NULL && queue_last->next != NULL) queue_last = queue_last->next;
  }
  return op;
}

static void finish(operation *op, DWORD code, DWORD transferred, uint64_t offset) {
  pending--;
  complete(op, code, transferred, offset);
}

/* The first operation that can complete now; none if all wait for their time or for data. */
static int complete_one(void) {
  for (operation **at = &queue_first; *at != NULL; at = &(*at)->next) {
    operation *op = *at;
    uint64_t offset = op->overlapped->Offset | (uint64_t)op->overlapped->OffsetHigh << 32;
    DWORD transferred = 0;
    int wait = 0;
    if (!is_ready(op)) continue;
    DWORD code = op->ended ? op->code : completion_fault_for(name_of(op->kind), ERROR_NOT_ENOUGH_MEMORY);
    if (!op->ended && code == ERROR_SUCCESS) code = perform(op, &offset, &transferred, &wait);
    if (wait) continue;
    if (op->kind == ADD_TO_STREAM || op->kind == COMPLETE_STREAM) {
      if (op->subject != NULL) ((stream *)op->subject)->busy = 0;
    }
    finish(taken_out(at), code, transferred, offset);
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
    else sim_wait_for(&work, lock, 1);
  }
}

static void enqueue(operation *op) {
  op->next = NULL;
  if (queue_last != NULL) queue_last->next = op;
  else queue_first = op;
  queue_last = op;
  if (!worker_runs) {
    worker_runs = 1;
    sim_spawn(run_worker, NULL);
  }
  sim_wake_all(&work);
}

DWORD start(operation given) {
  operation *op = malloc(sizeof *op);
  *op = given;
  op->overlapped->Internal = 259;
  pending++;
  if (op->kind == REGISTRATION) {
    op->session->registration = op;
    offer_status(op->session);
    return ERROR_IO_PENDING;
  }
  /* In their order, however long each takes. */
  op->ready = sim_ticks_ms() + next_delay_ms();
  if (op->ready < last_ready) op->ready = last_ready;
  last_ready = op->ready;
  enqueue(op);
  return ERROR_IO_PENDING;
}

/* From here on neither session nor handle of the operation are looked at: they may go away. */
static void settle(operation *op, DWORD code) {
  op->ended = 1;
  op->code = code;
  op->session = NULL;
  op->subject = NULL;
  op->ready = sim_ticks_ms() + next_delay_ms();
}

void end(operation *op, DWORD code) {
  settle(op, code);
  if (most_delay_us == 0) finish(op, code, 0, 0);
  else enqueue(op);
}

static int is_meant(const operation *op, const session *s, const void *subject, const OVERLAPPED *overlapped) {
  return op->session == s && (subject == NULL || op->subject == subject) && (overlapped == NULL || op->overlapped == overlapped);
}

uint32_t cancel(session *s, void *subject, OVERLAPPED *overlapped) {
  uint32_t found = 0;
  for (operation **at = &queue_first; *at != NULL;) {
    operation *op = *at;
    if (!is_meant(op, s, subject, overlapped)) {
      at = &op->next;
      continue;
    }
    found++;
    if (op->kind == ADD_TO_STREAM || op->kind == COMPLETE_STREAM) ((stream *)op->subject)->busy = 0;
    end(taken_out(at), ERROR_OPERATION_ABORTED);
  }
  return found;
}

uint32_t cancel_on_request(session *s, void *subject, OVERLAPPED *overlapped) {
  if (!cancels_lose) return cancel(s, subject, overlapped);
  uint32_t found = 0;
  for (operation *op = queue_first; op != NULL; op = op->next) found += is_meant(op, s, subject, overlapped) ? 1 : 0;
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

const char *name_of(operation_kind kind) {
  static const char *const names[] = {
      [REGISTRATION] = "PeerDistRegisterForStatusChangeNotification",
      [ADD_TO_STREAM] = "PeerDistServerPublishAddToStream",
      [COMPLETE_STREAM] = "PeerDistServerPublishCompleteStream",
      [RETRIEVE] = "PeerDistServerRetrieveContentInformation",
      [ADD_INFORMATION] = "PeerDistClientAddContentInformation",
      [COMPLETE_INFORMATION] = "PeerDistClientCompleteContentInformation",
      [STREAM_READ] = "PeerDistClientStreamRead",
      [BLOCK_READ] = "PeerDistClientBlockRead",
      [ADD_DATA] = "PeerDistClientAddData",
      [FLUSH] = "PeerDistClientFlushContent",
  };
  return names[kind];
}

/* Whether an operation with this OVERLAPPED has not completed. */
API int32_t SimPeerDist_Owns(const OVERLAPPED *overlapped) {
  int32_t found = 0;
  uint32_t cursor = 0;
  sim_acquire(&Sim_World()->lock);
  for (operation *op = queue_first; op != NULL; op = op->next) found |= op->overlapped == overlapped;
  for (session *s; (s = handle_next(SESSION_HANDLE, &cursor, NULL)) != NULL;) {
    found |= s->registration != NULL && s->registration->overlapped == overlapped;
  }
  sim_release(&Sim_World()->lock);
  return found;
}

/* How long operations take from now on to complete, or to complete after a cancel. In milliseconds' steps. */
API void SimPeerDist_SetCompletionDelay(uint32_t least_us, uint32_t most_us) {
  sim_acquire(&Sim_World()->lock);
  least_delay_us = least_us;
  most_delay_us = most_us;
  sim_release(&Sim_World()->lock);
}

/* Whether a cancel is to come too late: it answers that it has cancelled, and the operation ends by itself. */
API void SimPeerDist_LetCancelsLose(int32_t lose) { cancels_lose = lose; }
