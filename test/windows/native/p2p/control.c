/* What only tests call. */
#include "model.h"

typedef struct { void *group; uint32_t events; } burst;

API int32_t SimP2P_OpenHandles(void) { return handle_count(); }
API int32_t SimP2P_BlocksHandedOut(void) { return blocks_handed_out(); }
API int32_t SimP2P_RefusedCloses(void) { return handle_refused_closes(); }
API int32_t SimP2P_Orphans(void) { return handle_orphans(); }
API int32_t SimP2P_Undelivered(void) { return undelivered_events(); }
API int32_t SimP2P_Startups(void) { return this_machine()->startups; }

/* Forgets this machine: its identities, its memberships, its startups. Handles must be closed before. */
API void SimP2P_Reset(void) {
  machine *m = this_machine();
  Sim_ClearFaults();
  SimP2P_SetEventDelay(0);
  handle_forget_misuse();
  sim_acquire(&Sim_World()->lock);
  for (group *g = the_network()->groups, *next; g != NULL; g = next) {
    next = g->next;
    for (membership *member = g->members, *after; member != NULL; member = after) {
      after = member->next;
      if (member->machine == m) drop_membership(member);
    }
  }
  while (m->identities != NULL) {
    identity *next = m->identities->next;
    free(m->identities->name), free(m->identities->friendly_name), free(m->identities->key), free(m->identities);
    m->identities = next;
  }
  m->default_identity = NULL;
  m->startups = 0;
  sim_release(&Sim_World()->lock);
}

static void run_burst(void *given) {
  burst b = *(burst *)given;
  free(given);
  for (uint32_t i = 0; i < b.events; i++) {
    sim_acquire(&Sim_World()->lock);
    membership *m = member_of(b.group);
    PEER_GROUP_EVENT_DATA event = {.eventType = EVENT_INCOMING};
    event.incomingData = (PEER_EVENT_INCOMING_DATA){sizeof event.incomingData, i, {0}, {0, NULL}};
    if (m != NULL) emit(m, &event, NULL, &i, sizeof i);
    sim_release(&Sim_World()->lock);
  }
}

/*
 * IncomingData events with ascending connection ids, from a thread that the caller knows nothing of and that goes on
 * when the group is closed meanwhile.
 */
API void SimP2P_Burst(void *group, uint32_t events) {
  burst *b = malloc(sizeof *b);
  *b = (burst){group, events};
  sim_spawn(run_burst, b);
}
