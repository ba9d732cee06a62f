/* Event registrations and their queues. */
#include "model.h"

uint32_t status_of(const membership *member) {
  if (!member->online) return 0;
  for (const membership *m = member->group->members; m != NULL; m = m->next) {
    if (m != member && m->online) return STATUS_LISTENING | STATUS_HAS_CONNECTIONS;
  }
  return STATUS_LISTENING;
}

static int is_wanted(const registration *r, const PEER_GROUP_EVENT_DATA *event) {
  const GUID *about = event->eventType == EVENT_RECORD     ? &event->recordChangeData.recordType
                      : event->eventType == EVENT_INCOMING ? &event->incomingData.type
                                                           : NULL;
  for (uint32_t i = 0; i < r->count; i++) {
    if (r->wanted[i].type != event->eventType) continue;
    if (!r->wanted[i].has_filter || about == NULL || memcmp(&r->wanted[i].filter, about, sizeof *about) == 0) return 1;
  }
  return 0;
}

static PEER_GROUP_EVENT_DATA *copy_of(const PEER_GROUP_EVENT_DATA *event, const c16 *identity_name, const void *data, size_t size) {
  PEER_GROUP_EVENT_DATA *copy = block_new(sizeof *copy);
  *copy = *event;
  if (event->eventType == EVENT_MEMBER) copy->memberChangeData.pwzIdentity = block_text(copy, identity_name);
  if (event->eventType == EVENT_INCOMING) {
    copy->incomingData.data.cbData = (ULONG)size;
    copy->incomingData.data.pbData = block_bytes(copy, data, size);
  }
  return copy;
}

void emit(membership *member, const PEER_GROUP_EVENT_DATA *event, const c16 *identity_name, const void *data, size_t size) {
  for (registration *r = member->machine->registrations; r != NULL; r = r->next) {
    if (r->member == member && is_wanted(r, event)) deliver(r, copy_of(event, identity_name, data, size));
  }
}

void emit_to_all(group *g, const PEER_GROUP_EVENT_DATA *event) {
  for (membership *m = g->members; m != NULL; m = m->next) {
    if (m->synchronised) emit(m, event, NULL, NULL, 0);
  }
}

void emit_record(group *g, const record *r, uint32_t change) {
  PEER_GROUP_EVENT_DATA event = {.eventType = EVENT_RECORD};
  event.recordChangeData = (PEER_EVENT_RECORD_CHANGE_DATA){sizeof event.recordChangeData, change, r->id, r->type};
  emit_to_all(g, &event);
}

void emit_status(membership *member) {
  PEER_GROUP_EVENT_DATA event = {.eventType = EVENT_STATUS, .dwStatus = status_of(member)};
  emit(member, &event, NULL, NULL, 0);
}

API HRESULT WAPI PeerGroupRegisterEvent(void *handle, HANDLE event, DWORD count, const PEER_GROUP_EVENT_REGISTRATION *wanted,
                                        void **out) {
  HRESULT hr = enter_started("PeerGroupRegisterEvent");
  if (hr != S_OK) return leave(hr);
  membership *m = member_of(handle);
  if (m == NULL) return leave(PEER_E_INVALID_GROUP);
  if (event == NULL || count == 0 || count > 16 || wanted == NULL || out == NULL) return leave(E_INVALIDARG);
  registration *r = calloc(1, sizeof *r);
  r->member = m;
  r->event = event;
  r->count = count;
  for (DWORD i = 0; i < count; i++) {
    r->wanted[i].type = wanted[i].eventType;
    r->wanted[i].has_filter = wanted[i].pType != NULL;
    if (wanted[i].pType != NULL) r->wanted[i].filter = *wanted[i].pType;
  }
  r->next = this_machine()->registrations;
  this_machine()->registrations = r;
  *out = r->handle = handle_open(REGISTRATION_HANDLE, r);
  return leave(S_OK);
}

API HRESULT WAPI PeerGroupGetEventData(void *handle, PEER_GROUP_EVENT_DATA **out) {
  HRESULT hr = enter("PeerGroupGetEventData");
  registration *r = handle_object(REGISTRATION_HANDLE, handle);
  if (hr != S_OK) return leave(hr);
  if (r == NULL || out == NULL) return leave(E_INVALIDARG);
  *out = NULL;
  queued *q = r->first;
  if (q == NULL) return leave(PEER_S_NO_EVENT_DATA);
  r->first = q->next;
  if (r->first == NULL) r->last = NULL;
  *out = block_hand_out(q->event);
  free(q);
  return leave(S_OK);
}

API HRESULT WAPI PeerGroupUnregisterEvent(void *handle) {
  HRESULT hr = enter_releasing("PeerGroupUnregisterEvent");
  registration *r = handle_close(REGISTRATION_HANDLE, handle);
  if (r == NULL) return leave((HRESULT)handle_refuse_close(handle, (uint32_t)E_INVALIDARG));
  for (registration **at = &this_machine()->registrations; *at != NULL; at = &(*at)->next) {
    if (*at != r) continue;
    *at = r->next;
    break;
  }
  while (r->first != NULL) {
    queued *next = r->first->next;
    block_drop(r->first->event);
    free(r->first);
    r->first = next;
  }
  free(r);
  return leave(hr);
}
