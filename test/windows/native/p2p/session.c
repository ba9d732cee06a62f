/* Starting up, obtaining a handle, going online, closing, deleting. */
#include "model.h"

API HRESULT WAPI PeerGroupStartup(WORD version, PEER_VERSION_DATA *data) {
  HRESULT hr = enter("PeerGroupStartup");
  if (hr != S_OK) return leave(hr);
  if (data == NULL) return leave(E_INVALIDARG);
  if ((version & 0xff) != 1) return leave(PEER_E_UNSUPPORTED_VERSION);
  this_machine()->startups++;
  *data = (PEER_VERSION_DATA){version, 0x0101};
  return leave(S_OK);
}

API HRESULT WAPI PeerGroupShutdown(void) {
  HRESULT hr = enter_releasing("PeerGroupShutdown");
  if (this_machine()->startups == 0) return leave((HRESULT)handle_refuse_close(NULL, 0x8000ffff));
  if (--this_machine()->startups > 0) return leave(hr);
  uint32_t cursor = 0;
  while (handle_next(GROUP_HANDLE, &cursor, NULL) != NULL) handle_note_orphan();
  cursor = 0;
  while (handle_next(REGISTRATION_HANDLE, &cursor, NULL) != NULL) handle_note_orphan();
  return leave(hr);
}

static HRESULT open_handle(membership *m, void **handle) {
  *handle = handle_open(GROUP_HANDLE, m);
  m->handles++;
  return S_OK;
}

membership *add_membership(group *g, const c16 *identity_name, int is_admin) {
  membership *m = calloc(1, sizeof *m);
  m->machine = this_machine();
  m->group = g;
  m->identity = text_copy(identity_name);
  m->node = new_id();
  m->is_admin = is_admin;
  membership **end = &g->members;
  while (*end != NULL) end = &(*end)->next;
  return *end = m;
}

static int is_known_cloud(const c16 *cloud) {
  c16 *global = text_from("Global_");
  int known = cloud == NULL || text_equal(cloud, global);
  free(global);
  return known;
}

static HRESULT check_properties(const PEER_GROUP_PROPERTIES *p) {
  if (p == NULL || p->dwSize != sizeof *p || p->pwzGroupPeerName != NULL) return E_INVALIDARG;
  if (p->pwzCreatorPeerName == NULL || !is_secured_name(p->pwzCreatorPeerName)) return PEER_E_INVALID_PEER_NAME;
  if (find_identity(p->pwzCreatorPeerName) == NULL) return PEER_E_NO_KEY_ACCESS;
  if (!is_known_cloud(p->pwzCloud)) return PEER_E_NO_CLOUD;
  if (is_text_longer(p->pwzClassifier, 149)) return PEER_E_INVALID_CLASSIFIER;
  if (is_text_longer(p->pwzFriendlyName, 255) || is_text_longer(p->pwzComment, 255)) return PEER_E_INVALID_GROUP_PROPERTIES;
  if (p->dwAuthenticationSchemes == 0) return PEER_E_INVALID_GROUP_PROPERTIES;
  if ((p->dwAuthenticationSchemes & SCHEME_PASSWORD) == 0) return S_OK;
  return p->pwzGroupPassword == NULL || p->pwzGroupPassword[0] == 0 ? PEER_E_PASSWORD_DOES_NOT_MEET_POLICY : S_OK;
}

static c16 *group_name(const c16 *classifier) {
  GUID parts[2] = {new_guid(), new_guid()};
  text_builder name = {0};
  text_add_hex(&name, parts, 20);
  text_add_ascii(&name, ".");
  if (classifier != NULL) text_add(&name, classifier, text_length(classifier));
  return name.chars;
}

API HRESULT WAPI PeerGroupCreate(const PEER_GROUP_PROPERTIES *p, void **handle) {
  HRESULT hr = enter_started("PeerGroupCreate");
  if (hr == S_OK) hr = handle == NULL ? E_INVALIDARG : check_properties(p);
  if (hr != S_OK) return leave(hr);
  group *g = calloc(1, sizeof *g);
  g->properties = (PEER_GROUP_PROPERTIES){
      .dwSize = sizeof *p,
      .dwFlags = p->dwFlags,
      .pwzCloud = text_copy(p->pwzCloud),
      .pwzClassifier = text_copy(p->pwzClassifier),
      .pwzGroupPeerName = group_name(p->pwzClassifier),
      .pwzCreatorPeerName = text_copy(p->pwzCreatorPeerName),
      .pwzFriendlyName = text_copy(p->pwzFriendlyName),
      .pwzComment = text_copy(p->pwzComment),
      .ulMemberDataLifetime = p->ulMemberDataLifetime == 0 ? 2419200 : p->ulMemberDataLifetime,
      .ulPresenceLifetime = p->ulPresenceLifetime < 300 ? 300 : p->ulPresenceLifetime,
      .dwAuthenticationSchemes = p->dwAuthenticationSchemes,
      .pwzGroupPassword = text_copy(p->pwzGroupPassword),
      .groupPasswordRole = p->groupPasswordRole,
  };
  g->next = the_network()->groups;
  the_network()->groups = g;
  membership *m = add_membership(g, p->pwzCreatorPeerName, 1);
  m->synchronised = 1;
  return leave(open_handle(m, handle));
}

API HRESULT WAPI PeerGroupOpen(const c16 *identity_name, const c16 *group_name_, const c16 *cloud, void **handle) {
  HRESULT hr = enter_started("PeerGroupOpen");
  if (hr != S_OK) return leave(hr);
  if (identity_name == NULL || group_name_ == NULL || handle == NULL) return leave(E_INVALIDARG);
  if (!is_known_cloud(cloud)) return leave(PEER_E_NO_CLOUD);
  membership *m = find_membership(find_group(group_name_), identity_name);
  return leave(m == NULL ? PEER_E_NOT_FOUND : open_handle(m, handle));
}

/* The group an invitation leads to, if it is genuine and for this identity. */
static HRESULT invited_to(const c16 *invitation, const char *form, const c16 *subject, group **g) {
  if (invitation == NULL || !is_sealed(invitation, form, NULL)) return PEER_E_INVITATION_NOT_TRUSTED;
  c16 *invited = text_element(invitation, "SUBJECT");
  c16 *name = text_element(invitation, "GROUPPEERNAME");
  int for_subject = invited == NULL || text_equal(invited, subject);
  *g = find_group(name);
  free(invited), free(name);
  if (!for_subject || *g == NULL) return PEER_E_INVITATION_NOT_TRUSTED;
  return S_OK;
}

static HRESULT join(group *g, const c16 *subject, int is_admin, membership **m) {
  *m = find_membership(g, subject);
  if (*m != NULL && (*m)->handles > 0) return PEER_E_GROUP_IN_USE;
  if (*m == NULL) *m = add_membership(g, subject, is_admin);
  return S_OK;
}

API HRESULT WAPI PeerGroupJoin(const c16 *identity_name, const c16 *invitation, const c16 *cloud, void **handle) {
  HRESULT hr = enter_started("PeerGroupJoin");
  (void)cloud;
  if (hr != S_OK) return leave(hr);
  identity *i = find_identity_or_default(identity_name);
  group *g = NULL;
  membership *m = NULL;
  if (i == NULL || handle == NULL) return leave(E_INVALIDARG);
  hr = invited_to(invitation, "PEERINVITATION", i->name, &g);
  if (hr == S_OK) hr = join(g, i->name, text_find(invitation, "<ADMIN/>") != NULL, &m);
  if (hr != S_OK) return leave(hr);
  c16 *key = text_element(invitation, "KEY");
  if (key != NULL) m->key_size = text_unhex(key, m->key, sizeof m->key);
  free(key);
  return leave(open_handle(m, handle));
}

API HRESULT WAPI PeerGroupPasswordJoin(const c16 *identity_name, const c16 *invitation, const c16 *password,
                                       const c16 *cloud, void **handle) {
  HRESULT hr = enter_started("PeerGroupPasswordJoin");
  (void)cloud;
  if (hr != S_OK) return leave(hr);
  identity *i = find_identity_or_default(identity_name);
  group *g = NULL;
  membership *m = NULL;
  if (i == NULL || handle == NULL || password == NULL) return leave(E_INVALIDARG);
  hr = invited_to(invitation, "PEERPASSWORDINVITATION", i->name, &g);
  if (hr == S_OK) hr = join(g, i->name, 0, &m);
  if (hr != S_OK) return leave(hr);
  m->wrong_password = !text_equal(password, g->properties.pwzGroupPassword);
  return leave(open_handle(m, handle));
}

static membership *next_online(membership *from, const membership *except) {
  while (from != NULL && (!from->online || from == except)) from = from->next;
  return from;
}

static void emit_neighbor(membership *at, const membership *other, uint32_t status) {
  PEER_GROUP_EVENT_DATA event = {.eventType = EVENT_NEIGHBOR};
  event.connectionChangeData = (PEER_EVENT_CONNECTION_CHANGE_DATA){
      .dwSize = sizeof event.connectionChangeData, .status = status, .ullConnectionId = other->node, .ullNodeId = other->node};
  emit(at, &event, NULL, NULL, 0);
}

static void emit_member(membership *at, const membership *other, uint32_t change) {
  PEER_GROUP_EVENT_DATA event = {.eventType = EVENT_MEMBER};
  event.memberChangeData = (PEER_EVENT_MEMBER_CHANGE_DATA){sizeof event.memberChangeData, change, NULL};
  emit(at, &event, other->identity, NULL, 0);
}

static void fail_connect(membership *m, HRESULT reason) {
  PEER_GROUP_EVENT_DATA event = {.eventType = EVENT_CONNECTION_FAILED, .hrConnectionFailedReason = reason};
  emit(m, &event, NULL, NULL, 0);
}

static void go_online(membership *m) {
  uint32_t change = m->seen_before ? MEMBER_CONNECTED : MEMBER_JOINED;
  m->online = m->seen_before = 1;
  if (!m->synchronised) {
    m->synchronised = 1;
    for (record *r = m->group->records; r != NULL; r = r->next) {
      PEER_GROUP_EVENT_DATA event = {.eventType = EVENT_RECORD};
      event.recordChangeData = (PEER_EVENT_RECORD_CHANGE_DATA){sizeof event.recordChangeData, RECORD_ADDED, r->id, r->type};
      emit(m, &event, NULL, NULL, 0);
    }
  }
  emit_status(m);
  for (membership *o = next_online(m->group->members, m); o != NULL; o = next_online(o->next, m)) {
    emit_neighbor(o, m, LINK_CONNECTED), emit_neighbor(m, o, LINK_CONNECTED);
    emit_member(o, m, change), emit_member(m, o, MEMBER_CONNECTED);
    emit_status(o);
  }
}

void go_offline(membership *m) {
  if (!m->online) return;
  m->online = 0;
  for (connection **at = &the_network()->connections; *at != NULL;) {
    connection *c = *at;
    if (c->ends[0] != m && c->ends[1] != m) {
      at = &c->next;
      continue;
    }
    *at = c->next;
    free(c);
  }
  for (membership *o = next_online(m->group->members, m); o != NULL; o = next_online(o->next, m)) {
    emit_neighbor(o, m, LINK_DISCONNECTED);
    emit_member(o, m, MEMBER_DISCONNECTED);
    emit_status(o);
  }
}

/* What both ways of connecting come to. */
static HRESULT bring_online(void *handle) {
  membership *m = member_of(handle);
  if (m == NULL) return PEER_E_INVALID_GROUP;
  if (m->online) return PEER_S_ALREADY_CONNECTED;
  if (m->wrong_password) fail_connect(m, PEER_E_NOT_AUTHORIZED);
  else if (!m->synchronised && next_online(m->group->members, m) == NULL) fail_connect(m, PEER_E_NO_MEMBERS_FOUND);
  else go_online(m);
  return S_OK;
}

API HRESULT WAPI PeerGroupConnect(void *handle) {
  HRESULT hr = enter_started("PeerGroupConnect");
  return leave(hr != S_OK ? hr : bring_online(handle));
}

API HRESULT WAPI PeerGroupConnectByAddress(void *handle, ULONG count, PEER_ADDRESS *addresses) {
  HRESULT hr = enter_started("PeerGroupConnectByAddress");
  if (hr == S_OK && (count == 0 || addresses == NULL || addresses->sin6.sin6_family != 23)) hr = E_INVALIDARG;
  return leave(hr != S_OK ? hr : bring_online(handle));
}

/* After one of its handles: the membership goes offline with the last. */
static void let_go(membership *m) {
  if (--m->handles == 0) go_offline(m);
}

API HRESULT WAPI PeerGroupClose(void *handle) {
  HRESULT hr = enter_releasing("PeerGroupClose");
  membership *m = member_of(handle);
  if (m == NULL) return leave((HRESULT)handle_refuse_close(handle, (uint32_t)PEER_E_INVALID_GROUP));
  let_go(handle_close(GROUP_HANDLE, handle));
  return leave(hr);
}

API HRESULT WAPI PeerGroupDelete(const c16 *identity_name, const c16 *group_name_) {
  HRESULT hr = enter_started("PeerGroupDelete");
  if (hr != S_OK) return leave(hr);
  identity *i = find_identity_or_default(identity_name);
  if (i == NULL || group_name_ == NULL) return leave(E_INVALIDARG);
  membership *m = find_membership(find_group(group_name_), i->name);
  if (m == NULL) return leave(PEER_E_NOT_FOUND);
  void *handle;
  uint32_t cursor = 0;
  for (membership *open; (open = handle_next(GROUP_HANDLE, &cursor, &handle)) != NULL;) {
    if (open == m) let_go(handle_revoke(GROUP_HANDLE, handle));
  }
  for (registration *r = this_machine()->registrations; r != NULL; r = r->next) {
    if (r->member == m) r->member = NULL;
  }
  drop_membership(m);
  return leave(S_OK);
}

API HRESULT WAPI PeerGroupResumePasswordAuthentication(void *handle, void *events) {
  HRESULT hr = enter_started("PeerGroupResumePasswordAuthentication");
  if (hr != S_OK) return leave(hr);
  if (handle_object(REGISTRATION_HANDLE, events) == NULL) return leave(E_INVALIDARG);
  return leave(member_of(handle) == NULL ? PEER_E_INVALID_GROUP : S_OK);
}
