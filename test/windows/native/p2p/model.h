/* What the simulated Peer Grouping remembers. */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include "../common/faults.h"
#include "../common/handles.h"
#include "../common/text.h"
#include "../common/world.h"
#include "blocks.h"

typedef struct identity {
  struct identity *next;
  c16 *name, *friendly_name;
  /* The private key in hex, made when it is first needed. */
  c16 *key;
} identity;

typedef struct record {
  struct record *next;
  GUID type, id;
  DWORD version, flags;
  c16 *creator, *modifier, *attributes;
  FILETIME created, expires, modified;
  size_t size;
  BYTE *data;
} record;

typedef struct machine machine;
typedef struct membership membership;

/* A group as it exists among its members, whichever machine they are on. */
typedef struct group {
  struct group *next;
  PEER_GROUP_PROPERTIES properties;
  record *records;
  membership *members;
} group;

/* An identity of a machine in a group: the local database, shared by all handles of it. */
struct membership {
  membership *next;
  machine *machine;
  group *group;
  c16 *identity;
  /* The public key, as the group knows it; its length is 0 before an invitation carried it. */
  BYTE key[512];
  size_t key_size;
  uint64_t node;
  int is_admin, synchronised, online, wrong_password, handles, seen_before;
};

typedef struct queued { struct queued *next; PEER_GROUP_EVENT_DATA *event; } queued;

/* PeerGroupRegisterEvent. */
typedef struct registration {
  struct registration *next;
  void *handle;
  membership *member;
  void *group_handle;
  HANDLE event;
  uint32_t count;
  struct { uint32_t type; int has_filter; GUID filter; } wanted[16];
  queued *first, *last;
} registration;

typedef struct connection {
  struct connection *next;
  membership *ends[2];
  uint64_t ids[2];
} connection;

/* One copy of this library. */
struct machine {
  machine *next_machine;
  identity *identities;
  identity *default_identity;
  registration *registrations;
  int startups;
};

/* The groups and direct connections of the world live behind world.groups. */
typedef struct { group *groups; connection *connections; machine *machines; } network;

machine *this_machine(void);
network *the_network(void);
uint64_t new_id(void);
GUID new_guid(void);

/* Locks the world and counts the call. Everything but S_OK must be answered right away, through leave. */
HRESULT enter(const char *function);
HRESULT enter_started(const char *function);
/* For functions that give something back: they do so even when they are to fail. */
HRESULT enter_releasing(const char *function);
HRESULT leave(HRESULT result);

identity *find_identity(const c16 *name);
/* The named or, for NULL, the default identity. */
identity *find_identity_or_default(const c16 *name);
int is_secured_name(const c16 *name);
int is_text_longer(const c16 *text, size_t characters);
membership *find_membership(group *g, const c16 *identity_name);
group *find_group(const c16 *name);
/* The member behind an HGROUP, with S_OK, PEER_E_INVALID_GROUP or PEER_E_GROUP_NOT_READY. */
membership *member_of(void *handle);
HRESULT ready_member_of(void *handle, membership **member);
/* A membership of this machine, not yet synchronised. */
membership *add_membership(group *g, const c16 *identity_name, int is_admin);
void drop_membership(membership *member);

/* Hands an event to every registration of this member that wants it. */
void emit(membership *member, const PEER_GROUP_EVENT_DATA *event, const c16 *identity_name, const void *data, size_t size);
void emit_to_all(group *g, const PEER_GROUP_EVENT_DATA *event);
void emit_record(group *g, const record *r, uint32_t change);
void emit_status(membership *member);
/* Puts an event, a block, into the queue of a registration: at once, or later from another thread. */
void deliver(registration *r, PEER_GROUP_EVENT_DATA *event);
int32_t undelivered_events(void);
API void SimP2P_SetEventDelay(uint32_t microseconds);
uint32_t status_of(const membership *member);

void go_offline(membership *member);

/* A listing of prepared items, each a block; takes them over. */
typedef struct { void **items; uint32_t count, room, next; } listing;
listing *listing_new(void);
void listing_add(listing *l, void *item);
HRESULT listing_hand_out(listing *l, void **handle);
void *name_pair(const c16 *name, const c16 *friendly_name);

/* XML that breaks when a character of it or the password changes. */
c16 *seal(const char *tag, text_builder *body, const c16 *password);
int is_sealed(const c16 *xml, const char *tag, const c16 *password);
HRESULT hand_out_text(c16 *text, c16 **out);

/* RSA keys of identities. */
c16 *generate_key(void);
c16 *key_of(identity *i);
size_t public_key(const c16 *key, BYTE *der, size_t room);
uintptr_t open_provider(const c16 *key);
/* rsaEncryption with its NULL parameters. */
CERT_PUBLIC_KEY_INFO *key_info(void *block, const BYTE *key, size_t size);

HRESULT check_attributes(const c16 *xml);
/* PEER_E_INVALID_SEARCH or E_INVALIDARG for a bad query, else S_OK with whether the record matches. */
HRESULT search_matches(const c16 *query, const record *r, int *matches);

#endif
