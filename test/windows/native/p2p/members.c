/* Members, connections and data between two of them. */
#include "model.h"

static const GUID admin_role = {0x04387127, 0xaa56, 0x450a, {0x8c, 0xe5, 0x4f, 0x56, 0x5c, 0x67, 0x90, 0xf4}};
static const GUID member_role = {0xf12dc4c7, 0x0857, 0x4ca0, {0x93, 0xfc, 0xb1, 0xbb, 0x19, 0xa3, 0xd8, 0xc2}};

CERT_PUBLIC_KEY_INFO *key_info(void *block, const BYTE *key, size_t size) {
  static const BYTE null_parameters[] = {5, 0};
  CERT_PUBLIC_KEY_INFO *info = block_part(block, sizeof *info);
  info->Algorithm.pszObjId = (char *)block_bytes(block, "1.2.840.113549.1.1.1", 21);
  info->Algorithm.Parameters.cbData = sizeof null_parameters;
  info->Algorithm.Parameters.pbData = block_bytes(block, null_parameters, sizeof null_parameters);
  info->PublicKey.cbData = (DWORD)size;
  info->PublicKey.pbData = block_bytes(block, key, size);
  return info;
}

/* Where a member is said to be: ::1, with its node as the port. */
static PEER_ADDRESS address_of(const membership *m) {
  PEER_ADDRESS address = {.dwSize = sizeof address};
  address.sin6.sin6_family = 23;
  uint16_t port = (uint16_t)(m->node & 0xffff);
  address.sin6.sin6_port = (uint16_t)(port << 8 | port >> 8);
  ((BYTE *)&address.sin6.sin6_addr)[15] = 1;
  return address;
}

static void *member_item(const membership *m) {
  PEER_MEMBER *item = block_new(sizeof *item);
  item->dwSize = sizeof *item;
  item->dwFlags = m->online ? 1 : 0;
  item->pwzIdentity = block_text(item, m->identity);
  item->ullNodeId = m->node;
  PEER_ADDRESS address = address_of(m);
  item->cAddresses = m->online ? 1 : 0;
  item->pAddresses = (PEER_ADDRESS *)block_bytes(item, &address, m->online ? sizeof address : 0);
  PEER_CREDENTIAL_INFO *info = item->pCredentialInfo = block_part(item, sizeof *info);
  info->dwSize = sizeof *info;
  info->pPublicKey = key_info(item, m->key, m->key_size);
  info->pwzIssuerPeerName = block_text(item, m->group->properties.pwzCreatorPeerName);
  info->ftValidityStart = sim_now();
  info->cRoles = 1;
  info->pRoles = (GUID *)block_bytes(item, m->is_admin ? &admin_role : &member_role, sizeof(GUID));
  return item;
}

API HRESULT WAPI PeerGroupEnumMembers(void *handle, DWORD flags, const c16 *identity_name, void **out) {
  HRESULT hr = enter_started("PeerGroupEnumMembers");
  if (hr != S_OK) return leave(hr);
  membership *self = member_of(handle);
  if (self == NULL || out == NULL) return leave(self == NULL ? PEER_E_INVALID_GROUP : E_INVALIDARG);
  listing *l = listing_new();
  int wants_self = identity_name == NULL || text_equal(self->identity, identity_name);
  if (wants_self && (self->online || !(flags & 1))) listing_add(l, member_item(self));
  for (membership *m = self->group->members; m != NULL; m = m->next) {
    if (m == self || !m->seen_before || ((flags & 1) && !m->online)) continue;
    if (identity_name == NULL || text_equal(m->identity, identity_name)) listing_add(l, member_item(m));
  }
  return leave(listing_hand_out(l, out));
}

static void *connection_item(const membership *other, DWORD flags, uint64_t id) {
  PEER_CONNECTION_INFO *item = block_new(sizeof *item);
  item->dwSize = sizeof *item;
  item->dwFlags = flags;
  item->ullConnectionId = id;
  item->ullNodeId = other->node;
  item->pwzPeerId = block_text(item, other->identity);
  item->address = address_of(other);
  return item;
}

/* The side of a direct connection that `m` has, -1 if it has none. */
static int side_of(const connection *c, const membership *m) { return c->ends[0] == m ? 0 : c->ends[1] == m ? 1 : -1; }

API HRESULT WAPI PeerGroupEnumConnections(void *handle, DWORD flags, void **out) {
  HRESULT hr = enter_started("PeerGroupEnumConnections");
  if (hr != S_OK) return leave(hr);
  membership *self = member_of(handle);
  if (self == NULL || out == NULL) return leave(self == NULL ? PEER_E_INVALID_GROUP : E_INVALIDARG);
  listing *l = listing_new();
  for (membership *m = self->group->members; m != NULL && self->online && (flags & CONNECTION_NEIGHBOR); m = m->next) {
    if (m != self && m->online) listing_add(l, connection_item(m, CONNECTION_NEIGHBOR, m->node));
  }
  for (connection *c = the_network()->connections; c != NULL && (flags & CONNECTION_DIRECT); c = c->next) {
    int side = side_of(c, self);
    if (side >= 0) listing_add(l, connection_item(c->ends[1 - side], CONNECTION_DIRECT, c->ids[side]));
  }
  return leave(listing_hand_out(l, out));
}

static void emit_direct(membership *at, uint64_t id, uint64_t node, uint32_t status, HRESULT reason) {
  PEER_GROUP_EVENT_DATA event = {.eventType = EVENT_DIRECT};
  event.connectionChangeData = (PEER_EVENT_CONNECTION_CHANGE_DATA){
      sizeof event.connectionChangeData, status, id, node, 0, reason};
  emit(at, &event, NULL, NULL, 0);
}

API HRESULT WAPI PeerGroupOpenDirectConnection(void *handle, const c16 *identity_name, const PEER_ADDRESS *address,
                                               ULONGLONG *id) {
  HRESULT hr = enter_started("PeerGroupOpenDirectConnection");
  if (hr != S_OK) return leave(hr);
  membership *self = member_of(handle);
  if (self == NULL) return leave(PEER_E_INVALID_GROUP);
  if (identity_name == NULL || address == NULL || id == NULL || address->sin6.sin6_family != 23) return leave(E_INVALIDARG);
  if (text_equal(identity_name, self->identity)) return leave(PEER_E_CONNECT_SELF);
  membership *other = self->group->members;
  while (other != NULL && !(other->online && text_equal(other->identity, identity_name))) other = other->next;
  *id = new_id();
  if (other == NULL) {
    emit_direct(self, *id, 0, LINK_FAILED, PEER_E_CONNECTION_REFUSED);
    return leave(S_OK);
  }
  connection *c = calloc(1, sizeof *c);
  *c = (connection){the_network()->connections, {self, other}, {*id, new_id()}};
  the_network()->connections = c;
  emit_direct(self, c->ids[0], other->node, LINK_CONNECTED, S_OK);
  emit_direct(other, c->ids[1], self->node, LINK_CONNECTED, S_OK);
  return leave(S_OK);
}

static connection **find_connection(const membership *self, uint64_t id) {
  for (connection **at = &the_network()->connections; *at != NULL; at = &(*at)->next) {
    int side = side_of(*at, self);
    if (side >= 0 && (*at)->ids[side] == id) return at;
  }
  return NULL;
}

API HRESULT WAPI PeerGroupCloseDirectConnection(void *handle, ULONGLONG id) {
  HRESULT hr = enter_releasing("PeerGroupCloseDirectConnection");
  membership *self = member_of(handle);
  if (self == NULL) return leave(PEER_E_INVALID_GROUP);
  connection **at = find_connection(self, id);
  if (at == NULL) return leave(PEER_E_CONNECTION_NOT_FOUND);
  connection *c = *at;
  int side = side_of(c, self);
  emit_direct(self, c->ids[side], c->ends[1 - side]->node, LINK_DISCONNECTED, S_OK);
  emit_direct(c->ends[1 - side], c->ids[1 - side], self->node, LINK_DISCONNECTED, S_OK);
  *at = c->next;
  free(c);
  return leave(hr);
}

API HRESULT WAPI PeerGroupSendData(void *handle, ULONGLONG id, const GUID *type, ULONG size, const void *data) {
  HRESULT hr = enter_started("PeerGroupSendData");
  if (hr != S_OK) return leave(hr);
  membership *self = member_of(handle);
  if (self == NULL) return leave(PEER_E_INVALID_GROUP);
  if (type == NULL || data == NULL) return leave(E_INVALIDARG);
  PEER_GROUP_EVENT_DATA event = {.eventType = EVENT_INCOMING};
  event.incomingData = (PEER_EVENT_INCOMING_DATA){sizeof event.incomingData, 0, *type, {0, NULL}};
  connection **at = find_connection(self, id);
  if (at != NULL) {
    int other = 1 - side_of(*at, self);
    event.incomingData.ullConnectionId = (*at)->ids[other];
    emit((*at)->ends[other], &event, NULL, data, size);
    return leave(S_OK);
  }
  for (membership *m = self->group->members; m != NULL; m = m->next) {
    if (m == self || !m->online || m->node != id) continue;
    event.incomingData.ullConnectionId = self->node;
    emit(m, &event, NULL, data, size);
    return leave(S_OK);
  }
  return leave(PEER_E_CONNECTION_NOT_FOUND);
}
