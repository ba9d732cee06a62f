/* A place where threads wait for each other: what shows how many of them can run at once. */
#include "port.h"

static sim_lock lock = SIM_LOCK_INIT;
static sim_condition changed = SIM_CONDITION_INIT;
static uint32_t present;

/* Waits until `count` threads are in here at once, `milliseconds` at most. Answers whether they were. */
API int32_t Sim_Meet(uint32_t count, uint32_t milliseconds) {
  uint64_t until = sim_ticks_ms() + milliseconds;
  sim_acquire(&lock);
  present++;
  sim_wake_all(&changed);
  for (uint64_t now = sim_ticks_ms(); present < count && now < until; now = sim_ticks_ms()) {
    sim_wait_for(&changed, &lock, (uint32_t)(until - now));
  }
  int32_t met = present >= count;
  /* Whoever was there stays counted until everybody has seen it. */
  if (!met) present--;
  sim_release(&lock);
  return met;
}

API void Sim_EndMeeting(void) {
  sim_acquire(&lock);
  present = 0;
  sim_release(&lock);
}
