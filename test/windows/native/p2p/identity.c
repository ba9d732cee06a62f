/* The Identity Manager. */
#include "model.h"

/* Makes an identity; takes over `key`, which may be NULL. */
static identity *add_identity(c16 *name, const c16 *friendly_name, c16 *key) {
  identity *i = calloc(1, sizeof *i);
  i->name = name;
  i->friendly_name = text_copy(friendly_name == NULL || friendly_name[0] == 0 ? name : friendly_name);
  i->key = key;
  identity **end = &this_machine()->identities;
  while (*end != NULL) end = &(*end)->next;
  *end = i;
  return i;
}

static c16 *new_name(const c16 *classifier) {
  GUID parts[2] = {new_guid(), new_guid()};
  text_builder name = {0};
  text_add_hex(&name, parts, 20);
  text_add_ascii(&name, ".");
  if (classifier != NULL) text_add(&name, classifier, text_length(classifier));
  return name.chars;
}

identity *find_identity_or_default(const c16 *name) {
  machine *m = this_machine();
  if (name != NULL) return find_identity(name);
  if (m->default_identity == NULL) m->default_identity = add_identity(new_name(NULL), NULL, NULL);
  return m->default_identity;
}

c16 *key_of(identity *i) {
  if (i->key == NULL) i->key = generate_key();
  return i->key;
}

API HRESULT WAPI PeerIdentityCreate(const c16 *classifier, const c16 *friendly_name, uintptr_t provider, c16 **out) {
  HRESULT hr = enter("PeerIdentityCreate");
  (void)provider;
  if (hr != S_OK) return leave(hr);
  if (out == NULL || is_text_longer(classifier, 149) || is_text_longer(friendly_name, 255)) return leave(E_INVALIDARG);
  return leave(hand_out_text(text_copy(add_identity(new_name(classifier), friendly_name, NULL)->name), out));
}

API HRESULT WAPI PeerIdentityGetDefault(c16 **out) {
  HRESULT hr = enter("PeerIdentityGetDefault");
  if (hr != S_OK) return leave(hr);
  if (out == NULL) return leave(E_INVALIDARG);
  return leave(hand_out_text(text_copy(find_identity_or_default(NULL)->name), out));
}

API HRESULT WAPI PeerIdentityGetFriendlyName(const c16 *name, c16 **out) {
  HRESULT hr = enter("PeerIdentityGetFriendlyName");
  if (hr != S_OK) return leave(hr);
  identity *i = find_identity_or_default(name);
  if (i == NULL || out == NULL) return leave(out == NULL ? E_INVALIDARG : PEER_E_NOT_FOUND);
  return leave(hand_out_text(text_copy(i->friendly_name), out));
}

API HRESULT WAPI PeerIdentitySetFriendlyName(const c16 *name, const c16 *friendly_name) {
  HRESULT hr = enter("PeerIdentitySetFriendlyName");
  if (hr != S_OK) return leave(hr);
  identity *i = find_identity_or_default(name);
  if (i == NULL) return leave(PEER_E_NOT_FOUND);
  if (is_text_longer(friendly_name, 255)) return leave(E_INVALIDARG);
  free(i->friendly_name);
  i->friendly_name = text_copy(friendly_name == NULL || friendly_name[0] == 0 ? i->name : friendly_name);
  return leave(S_OK);
}

API HRESULT WAPI PeerIdentityGetCryptKey(const c16 *name, uintptr_t *provider) {
  HRESULT hr = enter("PeerIdentityGetCryptKey");
  if (hr != S_OK) return leave(hr);
  identity *i = find_identity_or_default(name);
  if (i == NULL || provider == NULL) return leave(provider == NULL ? E_INVALIDARG : PEER_E_NOT_FOUND);
  *provider = open_provider(key_of(i));
  return leave(*provider == 0 ? PEER_E_NO_KEY_ACCESS : S_OK);
}

static int has_groups(const identity *i) {
  for (group *g = the_network()->groups; g != NULL; g = g->next) {
    if (find_membership(g, i->name) != NULL) return 1;
  }
  return 0;
}

API HRESULT WAPI PeerIdentityDelete(const c16 *name) {
  HRESULT hr = enter("PeerIdentityDelete");
  if (hr != S_OK) return leave(hr);
  if (name == NULL) return leave(E_INVALIDARG);
  for (identity **at = &this_machine()->identities; *at != NULL; at = &(*at)->next) {
    identity *i = *at;
    if (!text_equal(i->name, name)) continue;
    if (has_groups(i)) return leave(PEER_E_GROUPS_EXIST);
    if (this_machine()->default_identity == i) this_machine()->default_identity = NULL;
    *at = i->next;
    free(i->name), free(i->friendly_name), free(i->key), free(i);
    return leave(S_OK);
  }
  return leave(PEER_E_NOT_FOUND);
}

API HRESULT WAPI PeerEnumIdentities(void **handle) {
  HRESULT hr = enter("PeerEnumIdentities");
  if (hr != S_OK) return leave(hr);
  listing *l = listing_new();
  for (identity *i = this_machine()->identities; i != NULL; i = i->next) {
    listing_add(l, name_pair(i->name, i->friendly_name));
  }
  return leave(listing_hand_out(l, handle));
}

API HRESULT WAPI PeerEnumGroups(const c16 *name, void **handle) {
  HRESULT hr = enter("PeerEnumGroups");
  if (hr != S_OK) return leave(hr);
  if (find_identity(name) == NULL) return leave(PEER_E_NOT_FOUND);
  listing *l = listing_new();
  for (group *g = the_network()->groups; g != NULL; g = g->next) {
    if (find_membership(g, name) == NULL) continue;
    const c16 *friendly = g->properties.pwzFriendlyName;
    listing_add(l, name_pair(g->properties.pwzGroupPeerName, friendly != NULL ? friendly : g->properties.pwzGroupPeerName));
  }
  return leave(listing_hand_out(l, handle));
}

API HRESULT WAPI PeerCreatePeerName(const c16 *name, const c16 *classifier, c16 **out) {
  HRESULT hr = enter("PeerCreatePeerName");
  if (hr != S_OK) return leave(hr);
  if (out != NULL) *out = NULL;
  if (out == NULL || (name == NULL && classifier == NULL) || is_text_longer(classifier, 149)) return leave(E_INVALIDARG);
  if (name != NULL && !is_secured_name(name)) return leave(PEER_E_INVALID_PEER_NAME);
  if (classifier == NULL) return leave(hand_out_text(text_copy(name), out));
  text_builder composed = {0};
  if (name == NULL) text_add_ascii(&composed, "0");
  else text_add(&composed, name, 40);
  text_add_ascii(&composed, ".");
  text_add(&composed, classifier, text_length(classifier));
  return leave(hand_out_text(composed.chars, out));
}

API HRESULT WAPI PeerIdentityGetXML(const c16 *name, c16 **out) {
  HRESULT hr = enter("PeerIdentityGetXML");
  if (hr != S_OK) return leave(hr);
  identity *i = find_identity_or_default(name);
  if (i == NULL || out == NULL) return leave(out == NULL ? E_INVALIDARG : PEER_E_NOT_FOUND);
  BYTE key[512];
  size_t size = public_key(key_of(i), key, sizeof key);
  text_builder body = {0};
  text_add_element(&body, "PEERNAME", i->name);
  text_add_element(&body, "FRIENDLYNAME", i->friendly_name);
  text_add_ascii(&body, "<KEY>");
  text_add_hex(&body, key, size);
  text_add_ascii(&body, "</KEY>");
  return leave(hand_out_text(seal("PEERIDENTITYINFO", &body, NULL), out));
}

API HRESULT WAPI PeerIdentityExport(const c16 *name, const c16 *password, c16 **out) {
  HRESULT hr = enter("PeerIdentityExport");
  if (hr != S_OK) return leave(hr);
  if (out == NULL || password == NULL || password[0] == 0) return leave(E_INVALIDARG);
  identity *i = find_identity_or_default(name);
  if (i == NULL) return leave(PEER_E_NOT_FOUND);
  text_builder body = {0};
  text_add_element(&body, "PEERNAME", i->name);
  text_add_element(&body, "FRIENDLYNAME", i->friendly_name);
  text_add_element(&body, "DATA", key_of(i));
  return leave(hand_out_text(seal("PEERIDENTITYEXPORT", &body, password), out));
}

API HRESULT WAPI PeerIdentityImport(const c16 *xml, const c16 *password, c16 **out) {
  HRESULT hr = enter("PeerIdentityImport");
  if (hr != S_OK) return leave(hr);
  if (xml == NULL || password == NULL || out == NULL || !is_sealed(xml, "PEERIDENTITYEXPORT", password)) {
    return leave(E_INVALIDARG);
  }
  c16 *name = text_element(xml, "PEERNAME");
  if (find_identity(name) != NULL) {
    free(name);
    return leave(PEER_E_ALREADY_EXISTS);
  }
  c16 *friendly = text_element(xml, "FRIENDLYNAME");
  identity *i = add_identity(name, friendly, text_element(xml, "DATA"));
  free(friendly);
  return leave(hand_out_text(text_copy(i->name), out));
}
