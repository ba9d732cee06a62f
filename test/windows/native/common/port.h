/*
 * The slice of Win32 that the simulators stand on. On Windows it is windows.h itself; elsewhere the same names come from
 * kernel32_sim.c, so that one source builds the DLLs and the shared objects.
 */
#ifndef SIM_PORT_H
#define SIM_PORT_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <winsock2.h>
#include <windows.h>
#define API __declspec(dllexport)
#define WAPI WINAPI
typedef uint16_t c16;
typedef SRWLOCK sim_lock;
typedef CONDITION_VARIABLE sim_condition;
#define SIM_LOCK_INIT SRWLOCK_INIT
#define SIM_CONDITION_INIT CONDITION_VARIABLE_INIT
#else
#include <pthread.h>
#define API __attribute__((visibility("default")))
#define WAPI
typedef uint16_t c16;
typedef uint8_t BYTE;
typedef uint16_t WORD;
typedef uint32_t DWORD, ULONG;
typedef int32_t HRESULT, BOOL;
typedef uint64_t ULONGLONG;
typedef uintptr_t ULONG_PTR;
typedef void *HANDLE;
typedef struct { uint32_t Data1; uint16_t Data2, Data3; uint8_t Data4[8]; } GUID;
typedef struct { uint32_t dwLowDateTime, dwHighDateTime; } FILETIME;
typedef struct {
  ULONG_PTR Internal, InternalHigh;
  union { struct { DWORD Offset, OffsetHigh; }; void *Pointer; };
  HANDLE hEvent;
} OVERLAPPED;
typedef struct {
  ULONG_PTR lpCompletionKey;
  OVERLAPPED *lpOverlapped;
  ULONG_PTR Internal;
  DWORD dwNumberOfBytesTransferred;
} OVERLAPPED_ENTRY;
typedef pthread_mutex_t sim_lock;
typedef pthread_cond_t sim_condition;
#define SIM_LOCK_INIT PTHREAD_MUTEX_INITIALIZER
#define SIM_CONDITION_INIT PTHREAD_COND_INITIALIZER
#define S_OK 0
#define E_INVALIDARG ((HRESULT)0x80070057)
#define E_OUTOFMEMORY ((HRESULT)0x8007000e)
#define E_ACCESSDENIED ((HRESULT)0x80070005)
#define ERROR_SUCCESS 0u
#define ERROR_INVALID_HANDLE 6u
#define ERROR_NOT_ENOUGH_MEMORY 8u
#define ERROR_INVALID_PARAMETER 87u
#define ERROR_OPERATION_ABORTED 995u
#define ERROR_IO_INCOMPLETE 996u
#define ERROR_IO_PENDING 997u
#define ERROR_TIMEOUT 1460u
#define INFINITE 0xffffffffu
BOOL SetEvent(HANDLE event);
BOOL PostQueuedCompletionStatus(HANDLE port, DWORD bytes, ULONG_PTR key, OVERLAPPED *overlapped);
DWORD GetLastError(void);
void SetLastError(DWORD code);
#endif

void sim_acquire(sim_lock *lock);
void sim_release(sim_lock *lock);
void sim_wait(sim_condition *condition, sim_lock *lock);
/* Waits `milliseconds` at most. */
void sim_wait_for(sim_condition *condition, sim_lock *lock, uint32_t milliseconds);
void sim_wake_all(sim_condition *condition);
/* Runs `task` on a thread of its own that nobody joins. */
void sim_spawn(void (*task)(void *), void *argument);
void sim_sleep_us(uint32_t microseconds);
/* Milliseconds that only go forward. */
uint64_t sim_ticks_ms(void);
FILETIME sim_now(void);

#endif
