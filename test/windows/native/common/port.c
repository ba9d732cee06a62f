#include "port.h"

#ifndef _WIN32
#include <errno.h>
#include <time.h>
#include <unistd.h>
#endif

typedef struct { void (*task)(void *); void *argument; } start;

static start *make_start(void (*task)(void *), void *argument) {
  start *s = malloc(sizeof *s);
  *s = (start){task, argument};
  return s;
}

static void run_start(void *given) {
  start s = *(start *)given;
  free(given);
  s.task(s.argument);
}

#ifdef _WIN32

void sim_acquire(sim_lock *lock) { AcquireSRWLockExclusive(lock); }
void sim_release(sim_lock *lock) { ReleaseSRWLockExclusive(lock); }
void sim_wait(sim_condition *condition, sim_lock *lock) { SleepConditionVariableSRW(condition, lock, INFINITE, 0); }
void sim_wait_for(sim_condition *condition, sim_lock *lock, uint32_t milliseconds) {
  SleepConditionVariableSRW(condition, lock, milliseconds, 0);
}
void sim_wake_all(sim_condition *condition) { WakeAllConditionVariable(condition); }

static DWORD WINAPI thread_main(void *given) {
  run_start(given);
  return 0;
}

void sim_spawn(void (*task)(void *), void *argument) {
  CloseHandle(CreateThread(NULL, 0, thread_main, make_start(task, argument), 0, NULL));
}

void sim_sleep_us(uint32_t microseconds) {
  if (microseconds > 0) Sleep((microseconds + 999) / 1000);
}

uint64_t sim_ticks_ms(void) { return GetTickCount64(); }

FILETIME sim_now(void) {
  FILETIME now;
  GetSystemTimeAsFileTime(&now);
  return now;
}

#else

void sim_acquire(sim_lock *lock) { pthread_mutex_lock(lock); }
void sim_release(sim_lock *lock) { pthread_mutex_unlock(lock); }
void sim_wait(sim_condition *condition, sim_lock *lock) { pthread_cond_wait(condition, lock); }

void sim_wait_for(sim_condition *condition, sim_lock *lock, uint32_t milliseconds) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += milliseconds / 1000;
  until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000;
  }
  pthread_cond_timedwait(condition, lock, &until);
}

void sim_wake_all(sim_condition *condition) { pthread_cond_broadcast(condition); }

static void *thread_main(void *given) {
  run_start(given);
  return NULL;
}

void sim_spawn(void (*task)(void *), void *argument) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, thread_main, make_start(task, argument)) == 0) pthread_detach(thread);
}

void sim_sleep_us(uint32_t microseconds) {
  if (microseconds > 0) usleep(microseconds);
}

uint64_t sim_ticks_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

FILETIME sim_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  uint64_t ticks = 116444736000000000ull + (uint64_t)now.tv_sec * 10000000 + (uint64_t)now.tv_nsec / 100;
  return (FILETIME){(uint32_t)ticks, (uint32_t)(ticks >> 32)};
}

#endif
