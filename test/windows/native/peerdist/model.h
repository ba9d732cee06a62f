/* What the simulated BranchCache service remembers. */
#ifndef SIM_PEERDIST_MODEL_H
#define SIM_PEERDIST_MODEL_H

#include "../common/faults.h"
#include "../common/handles.h"
#include "../common/world.h"
#include "peerdist_abi.h"

/* Stated to be 64 KiB by the protocol. */
#define BLOCK 65536u

typedef struct session {
  void *handle;
  struct operation *registration;
  uint32_t last_status;
} session;

/* Content that some machine has published. */
typedef struct publication {
  struct publication *next;
  /* The copy of this library that published it. */
  const void *machine;
  session *owner;
  BYTE *id;
  DWORD id_size;
  /* Of its content information. */
  DWORD version;
  uint64_t announced;
  BYTE *data;
  uint64_t size;
  int complete;
} publication;

typedef struct { session *session; publication *publication; int busy, dead; } stream;

/* The bytes of a content information, and how far they were read. */
typedef struct { session *session; BYTE id[256]; DWORD id_size; BYTE *bytes; size_t size, read; int dead; } information;

/* A block in the local cache: found by the hash of its bytes. */
typedef struct cached {
  struct cached *next;
  BYTE tag[16];
  uint64_t hash;
  BYTE *bytes;
  DWORD size;
} cached;

typedef struct content {
  session *session;
  BYTE tag[16];
  /* Content information as added so far, then taken apart. */
  BYTE *raw;
  size_t raw_size;
  int described, dead;
  uint64_t size, from, to;
  uint64_t *hashes;
  /* Where StreamRead goes on. */
  uint64_t cursor;
  /* Origin data that does not fill a block yet. */
  BYTE *partial;
  BYTE *have;
} content;

typedef enum {
  REGISTRATION, ADD_TO_STREAM, COMPLETE_STREAM, RETRIEVE, ADD_INFORMATION, COMPLETE_INFORMATION,
  STREAM_READ, BLOCK_READ, ADD_DATA, FLUSH
} operation_kind;

/* The function that starts an operation of a kind. */
const char *name_of(operation_kind kind);

/* Something the caller's OVERLAPPED waits for. */
typedef struct operation {
  struct operation *next;
  operation_kind kind;
  session *session;
  /* The stream, information or content it is about; NULL for a registration or flush. */
  void *subject;
  OVERLAPPED *overlapped;
  HANDLE port;
  ULONG_PTR key;
  BYTE *buffer;
  DWORD size;
  /* Where a registration wants the status, and what is to stand there. */
  uint32_t *status, news;
  /* When a read gives up, and the first moment at which the operation may complete; in ticks. */
  uint64_t due, ready;
  /* Whether it is known how it ends, and with what. */
  int ended;
  DWORD code;
  BYTE tag[16];
} operation;

DWORD enter(const char *function);
DWORD enter_releasing(const char *function);
DWORD leave(DWORD code);

session *session_of(void *handle);
/* Starts an operation: the worker thread completes it. Answers ERROR_IO_PENDING. */
DWORD start(operation op);
/* What an operation comes to: the code, the count and, for reads, the offset. Called by the worker under the lock. */
DWORD perform(operation *op, uint64_t *offset, DWORD *transferred, int *wait);
/*
 * Ends operations with ERROR_OPERATION_ABORTED, as a close or shutdown does; answers how many. `overlapped` and
 * `subject` may be NULL for any.
 */
uint32_t cancel(session *s, void *subject, OVERLAPPED *overlapped);
/* The same at the wish of the caller, who has no promise that the operation does not end well all the same. */
uint32_t cancel_on_request(session *s, void *subject, OVERLAPPED *overlapped);
/* Ends an operation that is not in the queue: a registration. It is completed at once, or later by the worker. */
void end(operation *op, DWORD code);
int32_t pending_operations(void);

/* Writes the OVERLAPPED and tells whoever waits. The operation is gone afterwards. */
void complete(operation *op, DWORD code, DWORD transferred, uint64_t offset);
/* Sets the event and posts the packet of a completion. */
void signal_completion(HANDLE event, HANDLE port, ULONG_PTR key, DWORD transferred, OVERLAPPED *overlapped);
/* How many of these are still to come. */
int32_t late_signals(void);
/* Hands the change of the status to the session's registration, if that waits for one. */
void offer_status(session *s);

uint64_t hash_of(const BYTE *bytes, size_t size);
/* Of this machine. */
publication *find_publication(const BYTE *id, DWORD size);
/* Bytes of a block that any machine serves; NULL if none does. */
const BYTE *find_served(uint64_t hash, DWORD size);
/* What a function that needs the service answers while it is off. */
DWORD refused(void);
void drop_publications_of(session *s);

DWORD perform_server(operation *op, DWORD *transferred);
DWORD perform_client(operation *op, uint64_t *offset, DWORD *transferred, int *wait);
void invalidate_handles(void);
void free_stream(stream *s);
void free_information(information *i);
void free_content(content *c);
const cached *find_cached(uint64_t hash);
API void SimPeerDist_SetStatus(uint32_t status, uint32_t delay_us);
API void SimPeerDist_SetCompletionDelay(uint32_t least_us, uint32_t most_us);
API void SimPeerDist_LetCancelsLose(int32_t lose);
API void SimPeerDist_SetPortSignals(uint32_t packet_us, uint32_t event_us);
API void SimPeerDist_ReportFailuresBy(uint32_t how);

#endif
