/*
 * Handles are numbers made of a slot and a generation, never addresses: one that was closed is refused for ever, also
 * when its slot is in use again.
 */
#ifndef SIM_HANDLES_H
#define SIM_HANDLES_H

#include "port.h"

typedef enum {
  FREE_SLOT,
  GROUP_HANDLE,
  REGISTRATION_HANDLE,
  LISTING_HANDLE,
  SESSION_HANDLE,
  STREAM_HANDLE,
  INFORMATION_HANDLE,
  CONTENT_HANDLE,
  HANDLE_KINDS
} handle_kind;

/* A new handle on `object`. NULL when every slot is taken. */
void *handle_open(handle_kind kind, void *object);
/* The object behind an open handle of this kind, otherwise NULL. */
void *handle_object(handle_kind kind, void *handle);
/* Makes the handle invalid and answers its object, NULL if it was not open. */
void *handle_close(handle_kind kind, void *handle);
/* The same when it is not the caller's doing: who closes the handle later could not know. */
void *handle_revoke(handle_kind kind, void *handle);
int32_t handle_count(void);
/* Takes note that a handle was to be closed that is not open, and answers `code`. */
uint32_t handle_refuse_close(void *handle, uint32_t code);
/* Takes note of a handle that was still open, or an operation that ran, when what it belongs to was shut down. */
void handle_note_orphan(void);
/* How often these were. */
int32_t handle_refused_closes(void);
int32_t handle_orphans(void);
void handle_forget_misuse(void);

/* Walks the open handles of a kind: start with *cursor = 0, stops with NULL. */
void *handle_next(handle_kind kind, uint32_t *cursor, void **handle);

#endif
