#include "model.h"

static machine here;

network *the_network(void) {
  static network wire;
  world *w = Sim_World();
  if (w->groups == NULL) w->groups = calloc(1, sizeof wire);
  return w->groups;
}

machine *this_machine(void) {
  static int known;
  if (!known) {
    known = 1;
    here.next_machine = the_network()->machines;
    the_network()->machines = &here;
  }
  return &here;
}

uint64_t new_id(void) { return ++Sim_World()->last_id; }

/* Names and GUIDs only need to differ: a counter, spread over the bits (splitmix64). */
static uint64_t spread(void) {
  uint64_t z = new_id() * 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

GUID new_guid(void) {
  uint64_t halves[2] = {spread(), spread()};
  GUID guid;
  memcpy(&guid, halves, sizeof guid);
  return guid;
}

HRESULT enter(const char *function) {
  uint32_t fault = fault_for(function, (uint32_t)E_OUTOFMEMORY);
  sim_acquire(&Sim_World()->lock);
  this_machine();
  return (HRESULT)fault;
}

HRESULT enter_started(const char *function) {
  HRESULT fault = enter(function);
  return fault != S_OK || here.startups > 0 ? fault : PEER_E_NOT_INITIALIZED;
}

HRESULT enter_releasing(const char *function) { return enter(function); }

HRESULT leave(HRESULT result) {
  sim_release(&Sim_World()->lock);
  return result;
}

identity *find_identity(const c16 *name) {
  for (identity *i = here.identities; i != NULL; i = i->next) {
    if (text_equal(i->name, name)) return i;
  }
  return NULL;
}

int is_text_longer(const c16 *text, size_t characters) { return text != NULL && text_length(text) > characters; }

/* 40 lower-case hex digits, a point, a classifier of 149 characters at most. */
int is_secured_name(const c16 *name) {
  BYTE authority[20];
  return name != NULL && text_unhex(name, authority, sizeof authority) == sizeof authority && name[40] == '.' &&
         !is_text_longer(name + 41, 149);
}

group *find_group(const c16 *name) {
  for (group *g = the_network()->groups; g != NULL; g = g->next) {
    if (text_equal(g->properties.pwzGroupPeerName, name)) return g;
  }
  return NULL;
}

membership *find_membership(group *g, const c16 *identity_name) {
  for (membership *m = g == NULL ? NULL : g->members; m != NULL; m = m->next) {
    if (m->machine == &here && text_equal(m->identity, identity_name)) return m;
  }
  return NULL;
}

membership *member_of(void *handle) { return handle_object(GROUP_HANDLE, handle); }

HRESULT ready_member_of(void *handle, membership **member) {
  *member = member_of(handle);
  if (*member == NULL) return PEER_E_INVALID_GROUP;
  return (*member)->synchronised ? S_OK : PEER_E_GROUP_NOT_READY;
}

static void free_properties(PEER_GROUP_PROPERTIES *p) {
  c16 *texts[] = {p->pwzCloud,        p->pwzClassifier, p->pwzGroupPeerName, p->pwzCreatorPeerName,
                  p->pwzFriendlyName, p->pwzComment,    p->pwzGroupPassword};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free(texts[i]);
}

static void free_record(record *r) {
  free(r->creator), free(r->modifier), free(r->attributes), free(r->data), free(r);
}

/* With its last member a group is gone. */
static void drop_group(group *g) {
  for (group **at = &the_network()->groups; *at != NULL; at = &(*at)->next) {
    if (*at != g) continue;
    *at = g->next;
    break;
  }
  while (g->records != NULL) {
    record *next = g->records->next;
    free_record(g->records);
    g->records = next;
  }
  free_properties(&g->properties);
  free(g);
}

void drop_membership(membership *member) {
  group *g = member->group;
  go_offline(member);
  for (membership **at = &g->members; *at != NULL; at = &(*at)->next) {
    if (*at != member) continue;
    *at = member->next;
    break;
  }
  free(member->identity);
  free(member);
  if (g->members == NULL) drop_group(g);
}
