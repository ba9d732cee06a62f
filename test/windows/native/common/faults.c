#include "faults.h"

#define MAX_FAULTS 32
#define MAX_FUNCTIONS 128
#define MAX_LOG 65536

/* An empty name stands for every function. Turn 0 is every turn; others count down to 1, the turn that fails. */
typedef struct { char function[64]; uint32_t turn, code; } fault;
typedef struct { const char *function; uint32_t turns; } counter;

/* What was counted and what is to fail, of calls or of completions. */
typedef struct {
  fault faults[MAX_FAULTS];
  uint32_t fault_count;
  counter counters[MAX_FUNCTIONS];
  uint32_t all;
} plan;

static sim_lock lock = SIM_LOCK_INIT;
static plan calls, completions;
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

static void count(plan *p, const char *function) {
  p->all++;
  for (uint32_t i = 0; i < MAX_FUNCTIONS; i++) {
    if (p->counters[i].function == NULL) p->counters[i].function = function;
    if (strcmp(p->counters[i].function, function) != 0) continue;
    p->counters[i].turns++;
    return;
  }
}

/* Whether this turn is the one that fails; a fault for one turn is used up by it. */
static int due(fault *f, const char *function) {
  if (f->function[0] != 0 && strcmp(f->function, function) != 0) return 0;
  return f->turn == 0 || --f->turn == 0;
}

static uint32_t take_turn(plan *p, const char *function, uint32_t any) {
  uint32_t code = 0;
  count(p, function);
  for (uint32_t i = 0; i < p->fault_count && code == 0; i++) {
    fault *f = &p->faults[i];
    int every_turn = f->turn == 0;
    if (!due(f, function)) continue;
    code = f->code != 0 ? f->code : any;
    if (!every_turn) p->faults[i--] = p->faults[--p->fault_count];
  }
  return code;
}

uint32_t fault_for(const char *function, uint32_t any) {
  sim_sleep_us(latency_us);
  sim_acquire(&lock);
  note(function);
  uint32_t code = take_turn(&calls, function, any);
  sim_release(&lock);
  return code;
}

uint32_t completion_fault_for(const char *function, uint32_t any) {
  sim_acquire(&lock);
  uint32_t code = take_turn(&completions, function, any);
  sim_release(&lock);
  return code;
}

static void add_fault(plan *p, const char *function, uint32_t turn, uint32_t code) {
  sim_acquire(&lock);
  if (p->fault_count < MAX_FAULTS) {
    fault *f = &p->faults[p->fault_count++];
    memset(f, 0, sizeof *f);
    if (function != NULL) strncpy(f->function, function, sizeof f->function - 1);
    f->turn = turn;
    f->code = code;
  }
  sim_release(&lock);
}

static uint32_t turns_of(const plan *p, const char *function) {
  uint32_t turns = 0;
  sim_acquire(&lock);
  if (function == NULL || function[0] == 0) turns = p->all;
  for (uint32_t i = 0; function != NULL && i < MAX_FUNCTIONS && p->counters[i].function != NULL; i++) {
    if (strcmp(p->counters[i].function, function) == 0) turns = p->counters[i].turns;
  }
  sim_release(&lock);
  return turns;
}

API void Sim_Fail(const char *function, uint32_t turn, uint32_t code) { add_fault(&calls, function, turn, code); }

API void Sim_FailCompletion(const char *function, uint32_t turn, uint32_t code) {
  add_fault(&completions, function, turn, code);
}

API void Sim_ClearFaults(void) {
  sim_acquire(&lock);
  memset(&calls, 0, sizeof calls);
  memset(&completions, 0, sizeof completions);
  latency_us = 0;
  names_size = 0;
  names[0] = 0;
  sim_release(&lock);
}

API void Sim_SetLatency(uint32_t microseconds) { latency_us = microseconds; }
API uint32_t Sim_Calls(const char *function) { return turns_of(&calls, function); }
API uint32_t Sim_Completions(const char *function) { return turns_of(&completions, function); }
API const char *Sim_CallLog(void) { return names; }
