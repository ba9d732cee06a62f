#include "handles.h"

#define SLOTS 65536u
#define SLOT_BITS 20
#define GENERATIONS 0xffffffu

/* `revoked` is the generation whose owner has not heard yet that it is gone. */
typedef struct { handle_kind kind; uint32_t generation, revoked; void *object; } slot;

static slot slots[SLOTS];
/* Slots above the highest were never used: a simulated change must not take longer than what it is to measure. */
static uint32_t last_slot, highest_slot;
static int32_t open_handles, refused_closes, orphans;

static void *handle_of(uint32_t index) {
  return (void *)(uintptr_t)(((uint64_t)slots[index].generation << SLOT_BITS) | (index << 2));
}

static uint32_t generation_of(void *handle) { return (uint32_t)((uint64_t)(uintptr_t)handle >> SLOT_BITS); }

static slot *any_slot_of(void *handle) {
  uint64_t value = (uintptr_t)handle;
  uint32_t index = (uint32_t)((value & ((1u << SLOT_BITS) - 1)) >> 2);
  return (value & 3) != 0 || index == 0 || index >= SLOTS ? NULL : &slots[index];
}

static slot *slot_of(handle_kind kind, void *handle) {
  slot *found = any_slot_of(handle);
  return found != NULL && found->kind == kind && found->generation == generation_of(handle) ? found : NULL;
}

void *handle_open(handle_kind kind, void *object) {
  for (uint32_t tried = 1; tried < SLOTS; tried++) {
    last_slot = last_slot % (SLOTS - 1) + 1;
    slot *free_slot = &slots[last_slot];
    if (free_slot->kind != FREE_SLOT) continue;
    if (last_slot > highest_slot) highest_slot = last_slot;
    *free_slot = (slot){kind, (free_slot->generation + 1) & GENERATIONS, 0, object};
    open_handles++;
    return handle_of(last_slot);
  }
  return NULL;
}

void *handle_object(handle_kind kind, void *handle) {
  slot *found = slot_of(kind, handle);
  return found == NULL ? NULL : found->object;
}

void *handle_close(handle_kind kind, void *handle) {
  slot *found = slot_of(kind, handle);
  if (found == NULL) return NULL;
  found->kind = FREE_SLOT;
  open_handles--;
  return found->object;
}

int32_t handle_count(void) { return open_handles; }

void *handle_revoke(handle_kind kind, void *handle) {
  slot *found = slot_of(kind, handle);
  if (found != NULL) found->revoked = found->generation;
  return handle_close(kind, handle);
}

uint32_t handle_refuse_close(void *handle, uint32_t code) {
  slot *found = any_slot_of(handle);
  if (found != NULL && found->revoked == generation_of(handle) && found->revoked != 0) found->revoked = 0;
  else refused_closes++;
  return code;
}

void handle_note_orphan(void) { orphans++; }
int32_t handle_refused_closes(void) { return refused_closes; }
int32_t handle_orphans(void) { return orphans; }
void handle_forget_misuse(void) { refused_closes = orphans = 0; }

void *handle_next(handle_kind kind, uint32_t *cursor, void **handle) {
  while (++*cursor <= highest_slot) {
    if (slots[*cursor].kind != kind) continue;
    if (handle != NULL) *handle = handle_of(*cursor);
    return slots[*cursor].object;
  }
  return NULL;
}
