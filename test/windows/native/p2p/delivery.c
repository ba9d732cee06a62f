/*
 * The way of an event to its registration: at once, on the thread of the call that caused it, or after a time and from
 * a thread of its own, in the same order. What comes for a registration that is gone by then is dropped.
 */
#include "model.h"

typedef struct parcel {
  struct parcel *next;
  void *registration_handle;
  PEER_GROUP_EVENT_DATA *event;
  uint64_t due;
} parcel;

static sim_condition posted = SIM_CONDITION_INIT;
static parcel *first, *last;
static uint32_t delay_us;
static int32_t under_way;
static int carrier_runs;

static void queue(registration *r, PEER_GROUP_EVENT_DATA *event) {
  queued *q = calloc(1, sizeof *q);
  q->event = event;
  if (r->last != NULL) r->last->next = q;
  else r->first = q;
  r->last = q;
  SetEvent(r->event);
}

static void hand_over(const parcel *p) {
  registration *r = handle_object(REGISTRATION_HANDLE, p->registration_handle);
  if (r == NULL) block_drop(p->event);
  else queue(r, p->event);
}

static void run_carrier(void *unused) {
  sim_lock *lock = &Sim_World()->lock;
  (void)unused;
  sim_acquire(lock);
  for (;;) {
    if (first == NULL) {
      sim_wait(&posted, lock);
    } else if (first->due > sim_ticks_ms()) {
      sim_wait_for(&posted, lock, 1);
    } else {
      parcel *p = first;
      first = p->next;
      if (first == NULL) last = NULL;
      hand_over(p);
      under_way--;
      free(p);
    }
  }
}

static void post(registration *r, PEER_GROUP_EVENT_DATA *event) {
  parcel *p = malloc(sizeof *p);
  *p = (parcel){NULL, r->handle, event, sim_ticks_ms() + delay_us / 1000};
  if (last != NULL) last->next = p;
  else first = p;
  last = p;
  under_way++;
  if (!carrier_runs) {
    carrier_runs = 1;
    sim_spawn(run_carrier, NULL);
  }
  sim_wake_all(&posted);
}

void deliver(registration *r, PEER_GROUP_EVENT_DATA *event) {
  if (delay_us == 0 && first == NULL) queue(r, event);
  else post(r, event);
}

int32_t undelivered_events(void) { return under_way; }

/* From now on events come so much later and from another thread; 0: at once. */
API void SimP2P_SetEventDelay(uint32_t microseconds) {
  sim_acquire(&Sim_World()->lock);
  delay_us = microseconds;
  sim_release(&Sim_World()->lock);
}
