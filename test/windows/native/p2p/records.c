/* The database of a group and its clock. */
#include "model.h"
#include <stdio.h>

#define MAX_RECORD 62914560u

static uint64_t ticks(FILETIME time) { return (uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime; }

static int is_reserved(const GUID *type) {
  static const uint32_t reserved[] = {0x00000100, 0x00000200, 0x00000300, 0x00000400, 0x01000000, 0x02000000};
  static const BYTE zero[12];
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
    if (type->Data1 == reserved[i] && memcmp(&type->Data2, zero, sizeof zero) == 0) return 1;
  }
  return 0;
}

static PEER_RECORD *record_item(const record *r) {
  PEER_RECORD *item = block_new(sizeof *item);
  item->dwSize = sizeof *item;
  item->type = r->type;
  item->id = r->id;
  item->dwVersion = r->version;
  item->dwFlags = r->flags;
  item->pwzCreatorId = block_text(item, r->creator);
  item->pwzModifiedById = block_text(item, r->modifier);
  item->pwzAttributes = block_text(item, r->attributes);
  item->ftCreation = r->created;
  item->ftExpiration = r->expires;
  item->ftLastModified = r->modified;
  item->data.cbData = (ULONG)r->size;
  item->data.pbData = block_bytes(item, r->data, r->size);
  return item;
}

static record **find_record(group *g, const GUID *id) {
  for (record **at = &g->records; *at != NULL; at = &(*at)->next) {
    if (memcmp(&(*at)->id, id, sizeof *id) == 0) return at;
  }
  return NULL;
}

static HRESULT check_record(const PEER_RECORD *given) {
  if (given == NULL || given->dwSize != sizeof *given) return E_INVALIDARG;
  if (given->data.cbData > 0 && given->data.pbData == NULL) return E_INVALIDARG;
  if (is_reserved(&given->type)) return PEER_E_NOT_AUTHORIZED;
  if (given->data.cbData + text_size(given->pwzAttributes) > MAX_RECORD) return PEER_E_MAX_RECORD_SIZE_EXCEEDED;
  if (ticks(given->ftExpiration) <= ticks(sim_now())) return PEER_E_INVALID_RECORD_EXPIRATION;
  return given->pwzAttributes == NULL ? S_OK : check_attributes(given->pwzAttributes);
}

static void take_contents(record *r, const PEER_RECORD *given, const c16 *modifier) {
  free(r->attributes), free(r->data), free(r->modifier);
  r->modifier = text_copy(modifier);
  r->attributes = text_copy(given->pwzAttributes);
  r->size = given->data.cbData;
  r->data = malloc(r->size + 1);
  if (r->size > 0) memcpy(r->data, given->data.pbData, r->size);
  r->expires = given->ftExpiration;
  r->modified = sim_now();
}

API HRESULT WAPI PeerGroupAddRecord(void *handle, const PEER_RECORD *given, GUID *id) {
  HRESULT hr = enter_started("PeerGroupAddRecord");
  membership *m = NULL;
  if (hr == S_OK) hr = ready_member_of(handle, &m);
  if (hr == S_OK) hr = id == NULL ? E_INVALIDARG : check_record(given);
  if (hr != S_OK) return leave(hr);
  record *r = calloc(1, sizeof *r);
  r->type = given->type;
  *id = r->id = new_guid();
  r->version = 1;
  r->flags = given->dwFlags & 1;
  r->creator = text_copy(m->identity);
  r->created = sim_now();
  take_contents(r, given, NULL);
  r->next = m->group->records;
  m->group->records = r;
  emit_record(m->group, r, RECORD_ADDED);
  return leave(S_OK);
}

static int may_change(const membership *m, const record *r) { return m->is_admin || text_equal(m->identity, r->creator); }

API HRESULT WAPI PeerGroupUpdateRecord(void *handle, const PEER_RECORD *given) {
  HRESULT hr = enter_started("PeerGroupUpdateRecord");
  membership *m = NULL;
  if (hr == S_OK) hr = ready_member_of(handle, &m);
  if (hr != S_OK) return leave(hr);
  if (given == NULL) return leave(E_INVALIDARG);
  record **at = find_record(m->group, &given->id);
  if (at == NULL) return leave(PEER_E_RECORD_NOT_FOUND);
  if (!may_change(m, *at)) return leave(PEER_E_NOT_AUTHORIZED);
  if (memcmp(&(*at)->type, &given->type, sizeof given->type) != 0) return leave(E_INVALIDARG);
  if (ticks(given->ftExpiration) < ticks((*at)->expires)) return leave(PEER_E_INVALID_RECORD_EXPIRATION);
  hr = check_record(given);
  if (hr != S_OK) return leave(hr);
  (*at)->version++;
  take_contents(*at, given, m->identity);
  emit_record(m->group, *at, RECORD_UPDATED);
  return leave(S_OK);
}

API HRESULT WAPI PeerGroupDeleteRecord(void *handle, const GUID *id) {
  HRESULT hr = enter_started("PeerGroupDeleteRecord");
  membership *m = NULL;
  if (hr == S_OK) hr = ready_member_of(handle, &m);
  if (hr != S_OK) return leave(hr);
  if (id == NULL) return leave(E_INVALIDARG);
  record **at = find_record(m->group, id);
  if (at == NULL) return leave(PEER_E_RECORD_NOT_FOUND);
  if (!may_change(m, *at)) return leave(PEER_E_NOT_AUTHORIZED);
  record *r = *at;
  *at = r->next;
  emit_record(m->group, r, RECORD_DELETED);
  free(r->creator), free(r->modifier), free(r->attributes), free(r->data), free(r);
  return leave(S_OK);
}

API HRESULT WAPI PeerGroupGetRecord(void *handle, const GUID *id, PEER_RECORD **out) {
  HRESULT hr = enter_started("PeerGroupGetRecord");
  membership *m = NULL;
  if (hr == S_OK) hr = ready_member_of(handle, &m);
  if (hr != S_OK) return leave(hr);
  if (id == NULL || out == NULL) return leave(E_INVALIDARG);
  record **at = find_record(m->group, id);
  if (at == NULL) return leave(PEER_E_RECORD_NOT_FOUND);
  *out = block_hand_out(record_item(*at));
  return leave(S_OK);
}

API HRESULT WAPI PeerGroupEnumRecords(void *handle, const GUID *type, void **out) {
  HRESULT hr = enter_started("PeerGroupEnumRecords");
  if (hr != S_OK) return leave(hr);
  membership *m = member_of(handle);
  if (m == NULL || out == NULL) return leave(m == NULL ? PEER_E_INVALID_GROUP : E_INVALIDARG);
  listing *l = listing_new();
  for (record *r = m->group->records; r != NULL; r = r->next) {
    if (type == NULL || memcmp(&r->type, type, sizeof *type) == 0) listing_add(l, record_item(r));
  }
  return leave(listing_hand_out(l, out));
}

API HRESULT WAPI PeerGroupSearchRecords(void *handle, const c16 *query, void **out) {
  HRESULT hr = enter_started("PeerGroupSearchRecords");
  if (hr != S_OK) return leave(hr);
  membership *m = member_of(handle);
  if (m == NULL) return leave(PEER_E_INVALID_GROUP);
  if (query == NULL || out == NULL) return leave(E_INVALIDARG);
  int matches = 0;
  hr = search_matches(query, NULL, &matches);
  if (hr != S_OK) return leave(hr);
  listing *l = listing_new();
  for (record *r = m->group->records; r != NULL; r = r->next) {
    if (search_matches(query, r, &matches) == S_OK && matches) listing_add(l, record_item(r));
  }
  return leave(listing_hand_out(l, out));
}

/* An absolute path of either platform as the bytes that fopen takes; 0 for any other. */
static int path_of(const c16 *path, char *bytes, size_t room) {
  size_t length = path == NULL ? 0 : text_length(path);
  if (length == 0 || length >= room || (path[0] != '/' && path[1] != ':')) return 0;
  for (size_t i = 0; i <= length; i++) bytes[i] = (char)path[i];
  return 1;
}

API HRESULT WAPI PeerGroupExportDatabase(void *handle, const c16 *path) {
  HRESULT hr = enter_started("PeerGroupExportDatabase");
  if (hr != S_OK) return leave(hr);
  membership *m = member_of(handle);
  char name[1024];
  if (m == NULL) return leave(PEER_E_INVALID_GROUP);
  FILE *file = path_of(path, name, sizeof name) ? fopen(name, "wb") : NULL;
  if (file == NULL) return leave(E_INVALIDARG);
  const c16 *group_name = m->group->properties.pwzGroupPeerName;
  fwrite(group_name, sizeof(c16), text_length(group_name), file);
  fclose(file);
  return leave(S_OK);
}

/* The records themselves are still where they were: only that the file is one of this group is checked. */
API HRESULT WAPI PeerGroupImportDatabase(void *handle, const c16 *path) {
  HRESULT hr = enter_started("PeerGroupImportDatabase");
  if (hr != S_OK) return leave(hr);
  membership *m = member_of(handle);
  char name[1024];
  c16 found[256] = {0};
  if (m == NULL) return leave(PEER_E_INVALID_GROUP);
  if (m->online) return leave(PEER_E_GROUP_IN_USE);
  FILE *file = path_of(path, name, sizeof name) ? fopen(name, "rb") : NULL;
  if (file == NULL) return leave(E_INVALIDARG);
  size_t length = fread(found, sizeof(c16), 255, file);
  fclose(file);
  return leave(length > 0 && text_equal(found, m->group->properties.pwzGroupPeerName) ? S_OK : E_INVALIDARG);
}

/* Peer time is one second ahead here, so that nobody mistakes one clock for the other. */
#define AHEAD 10000000

static HRESULT convert(const char *function, void *handle, const FILETIME *from, FILETIME *to, int64_t shift) {
  HRESULT hr = enter_started(function);
  membership *m = NULL;
  if (hr == S_OK) hr = ready_member_of(handle, &m);
  if (hr != S_OK) return leave(hr);
  if (from == NULL || to == NULL) return leave(E_INVALIDARG);
  uint64_t time = ticks(*from) + (uint64_t)shift;
  *to = (FILETIME){(uint32_t)time, (uint32_t)(time >> 32)};
  return leave(S_OK);
}

API HRESULT WAPI PeerGroupPeerTimeToUniversalTime(void *handle, const FILETIME *peer, FILETIME *universal) {
  return convert("PeerGroupPeerTimeToUniversalTime", handle, peer, universal, -AHEAD);
}

API HRESULT WAPI PeerGroupUniversalTimeToPeerTime(void *handle, const FILETIME *universal, FILETIME *peer) {
  return convert("PeerGroupUniversalTimeToPeerTime", handle, universal, peer, AHEAD);
}
