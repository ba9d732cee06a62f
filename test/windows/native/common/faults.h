/*
 * Errors on demand. Every exported function passes here first, and every asynchronous operation once more when it
 * completes: each may be told to fail by name and turn ("the third PeerGroupConnect"), or by turn alone ("the seventh
 * call of whatever function"). Calls may also be told to take time.
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "port.h"

/* Counts the call and waits the latency. Answers 0 or the code it is to fail with: `any` if it failed by turn alone. */
uint32_t fault_for(const char *function, uint32_t any);
/* The same for the completion of an operation that `function` has started. */
uint32_t completion_fault_for(const char *function, uint32_t any);

/* Fails the `turn`th call from now on of `function`, of any function for NULL or ""; turn 0: every call. Code 0 is one
 * that fits the function. */
API void Sim_Fail(const char *function, uint32_t turn, uint32_t code);
API void Sim_FailCompletion(const char *function, uint32_t turn, uint32_t code);
API void Sim_ClearFaults(void);
API void Sim_SetLatency(uint32_t microseconds);
/* Calls since the last Sim_ClearFaults, of one function or of all. */
API uint32_t Sim_Calls(const char *function);
API uint32_t Sim_Completions(const char *function);
/* The names of these calls in their order, each with a space behind it; the first 64 KiB of it. */
API const char *Sim_CallLog(void);

#endif
