#include "faults.h"

#define MAX_FAULTS 32
#define MAX_FUNCTIONS 128
#define MAX_LOG 65536

/* An empty name stands for every function. Turn 0 is every turn; others count down to 1, the turn that fails. */
typedef struct { char function[64]; uint32_t turn, code; } fault;
typedef struct { const char *function; uint32_t calls; } counter;

static sim_lock lock = SIM_LOCK_INIT;
static fault faults[MAX_FAULTS];
static uint32_t fault_count;
static counter counters[MAX_FUNCTIONS];
static uint32_t all_calls;
static uint32_t latency_us;
static char names[MAX_LOG];
static size_t names_size;

static void note(const char *function) {
  size_t size = strlen(function);
  if (names_size + size + 2 > MAX_LOG) return;
  memcpy(names + names_size, function, size);
  names_size += size;
  names[names_size++] = ' ';
  names[names_size] = 0;
}

static void count(const char *function) {
  all_calls++;
  note(function);
  for (uint32_t i = 0; i < MAX_FUNCTIONS; i++) {
    if (counters[i].function == NULL) counters[i].function = function;
    if (strcmp(counters[i].function, function) != 0) continue;
    counters[i].calls++;
    return;
  }
}

/* Whether this call is the one that fails; a fault for one turn is used up by it. */
static int due(fault *f, const char *function) {
  if (f->function[0] != 0 && strcmp(f->function, function) != 0) return 0;
  return f->turn == 0 || --f->turn == 0;
}

uint32_t fault_for(const char *function, uint32_t any) {
  uint32_t code = 0;
  sim_sleep_us(latency_us);
  sim_acquire(&lock);
  count(function);
  for (uint32_t i = 0; i < fault_count && code == 0; i++) {
    int every_turn = faults[i].turn == 0;
    if (!due(&faults[i], function)) continue;
    code = faults[i].code != 0 ? faults[i].code : any;
    if (!every_turn) faults[i--] = faults[--fault_count];
  }
  sim_release(&lock);
  return code;
}

API void Sim_Fail(const char *function, uint32_t turn, uint32_t code) {
  sim_acquire(&lock);
  if (fault_count < MAX_FAULTS) {
    fault *f = &faults[fault_count++];
    memset(f, 0, sizeof *f);
    if (function != NULL) strncpy(f->function, function, sizeof f->function - 1);
    f->turn = turn;
    f->code = code;
  }
  sim_release(&lock);
}

API void Sim_ClearFaults(void) {
  sim_acquire(&lock);
  fault_count = 0;
  all_calls = 0;
  names_size = 0;
  names[0] = 0;
  memset(counters, 0, sizeof counters);
  sim_release(&lock);
}

API void Sim_SetLatency(uint32_t microseconds) { latency_us = microseconds; }

API uint32_t Sim_Calls(const char *function) {
  uint32_t calls = 0;
  sim_acquire(&lock);
  if (function == NULL || function[0] == 0) calls = all_calls;
  for (uint32_t i = 0; function != NULL && i < MAX_FUNCTIONS && counters[i].function != NULL; i++) {
    if (strcmp(counters[i].function, function) == 0) calls = counters[i].calls;
  }
  sim_release(&lock);
  return calls;
}

API const char *Sim_CallLog(void) { return names; }
