/* Invitations, credentials and the configuration that moves a membership. */
#include "model.h"

static const GUID admin_role = {0x04387127, 0xaa56, 0x450a, {0x8c, 0xe5, 0x4f, 0x56, 0x5c, 0x67, 0x90, 0xf4}};

static uint64_t ticks(FILETIME time) { return (uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime; }

static void add_hex_element(text_builder *xml, const char *tag, const void *bytes, size_t size) {
  text_builder hex = {0};
  text_add_hex(&hex, bytes, size);
  if (hex.chars != NULL) text_add_element(xml, tag, hex.chars);
  free(hex.chars);
}

static c16 *invitation_for(const membership *issuer, const c16 *subject, const c16 *subject_friendly, const BYTE *key,
                           size_t key_size, FILETIME expires, const GUID *roles, ULONG count) {
  const PEER_GROUP_PROPERTIES *p = &issuer->group->properties;
  FILETIME now = sim_now();
  identity *self = find_identity(issuer->identity);
  text_builder body = {0};
  text_add_element(&body, "GROUPPEERNAME", p->pwzGroupPeerName);
  text_add_element(&body, "GROUPFRIENDLYNAME", p->pwzFriendlyName);
  text_add_element(&body, "CLOUDNAME", p->pwzCloud);
  text_add_element(&body, "ISSUER", issuer->identity);
  text_add_element(&body, "ISSUERFRIENDLYNAME", self == NULL ? NULL : self->friendly_name);
  text_add_element(&body, "SUBJECT", subject);
  text_add_element(&body, "SUBJECTFRIENDLYNAME", subject_friendly);
  add_hex_element(&body, "KEY", key, key_size);
  add_hex_element(&body, "FROM", &now, sizeof now);
  add_hex_element(&body, "TO", &expires, sizeof expires);
  add_hex_element(&body, "ROLES", roles, count * sizeof *roles);
  for (ULONG i = 0; i < count; i++) {
    if (memcmp(&roles[i], &admin_role, sizeof admin_role) == 0) text_add_ascii(&body, "<ADMIN/>");
  }
  return seal("PEERINVITATION", &body, NULL);
}

API HRESULT WAPI PeerGroupCreateInvitation(void *handle, const c16 *identity_info, const FILETIME *expires, ULONG count,
                                           const GUID *roles, c16 **out) {
  HRESULT hr = enter_started("PeerGroupCreateInvitation");
  membership *m = NULL;
  if (hr == S_OK) hr = ready_member_of(handle, &m);
  if (hr != S_OK) return leave(hr);
  if (identity_info == NULL || out == NULL || count == 0 || roles == NULL) return leave(E_INVALIDARG);
  if (!is_sealed(identity_info, "PEERIDENTITYINFO", NULL)) return leave(E_INVALIDARG);
  if (expires != NULL && ticks(*expires) <= ticks(sim_now())) return leave(PEER_E_INVALID_TIME_PERIOD);
  if (!m->is_admin) return leave(PEER_E_NOT_AUTHORIZED);
  BYTE key[512];
  c16 *subject = text_element(identity_info, "PEERNAME");
  c16 *friendly = text_element(identity_info, "FRIENDLYNAME");
  c16 *key_hex = text_element(identity_info, "KEY");
  size_t key_size = text_unhex(key_hex, key, sizeof key);
  FILETIME to = expires == NULL ? (FILETIME){0, 0} : *expires;
  c16 *xml = invitation_for(m, subject, friendly, key, key_size, to, roles, count);
  free(subject), free(friendly), free(key_hex);
  return leave(hand_out_text(xml, out));
}

API HRESULT WAPI PeerGroupCreatePasswordInvitation(void *handle, c16 **out) {
  HRESULT hr = enter_started("PeerGroupCreatePasswordInvitation");
  membership *m = NULL;
  if (hr == S_OK) hr = out == NULL ? E_INVALIDARG : ready_member_of(handle, &m);
  if (hr != S_OK) return leave(hr);
  const PEER_GROUP_PROPERTIES *p = &m->group->properties;
  if (!(p->dwAuthenticationSchemes & SCHEME_PASSWORD)) return leave(E_INVALIDARG);
  text_builder body = {0};
  text_add_element(&body, "GROUPPEERNAME", p->pwzGroupPeerName);
  text_add_element(&body, "GROUPFRIENDLYNAME", p->pwzFriendlyName);
  return leave(hand_out_text(seal("PEERPASSWORDINVITATION", &body, NULL), out));
}

/* An element as a part of the block, NULL if there is none. */
static c16 *element_in(void *block, const c16 *xml, const char *tag) {
  c16 *text = text_element(xml, tag);
  c16 *part = block_text(block, text);
  free(text);
  return part;
}

static size_t hex_element(const c16 *xml, const char *tag, void *bytes, size_t room) {
  c16 *text = text_element(xml, tag);
  size_t size = text == NULL ? 0 : text_unhex(text, bytes, room);
  free(text);
  return size;
}

API HRESULT WAPI PeerGroupParseInvitation(const c16 *xml, PEER_INVITATION_INFO **out) {
  HRESULT hr = enter("PeerGroupParseInvitation");
  if (hr != S_OK) return leave(hr);
  if (xml == NULL || out == NULL) return leave(E_INVALIDARG);
  int by_password = is_sealed(xml, "PEERPASSWORDINVITATION", NULL);
  if (!by_password && !is_sealed(xml, "PEERINVITATION", NULL)) return leave(PEER_E_INVITATION_NOT_TRUSTED);
  PEER_INVITATION_INFO *info = block_new(sizeof *info);
  GUID roles[8];
  BYTE key[512];
  size_t role_bytes = hex_element(xml, "ROLES", roles, sizeof roles);
  size_t key_size = hex_element(xml, "KEY", key, sizeof key);
  info->dwSize = sizeof *info;
  info->pwzCloudName = element_in(info, xml, "CLOUDNAME");
  info->dwScope = 1;
  info->pwzGroupPeerName = element_in(info, xml, "GROUPPEERNAME");
  info->pwzIssuerPeerName = element_in(info, xml, "ISSUER");
  info->pwzSubjectPeerName = element_in(info, xml, "SUBJECT");
  info->pwzGroupFriendlyName = element_in(info, xml, "GROUPFRIENDLYNAME");
  info->pwzIssuerFriendlyName = element_in(info, xml, "ISSUERFRIENDLYNAME");
  info->pwzSubjectFriendlyName = element_in(info, xml, "SUBJECTFRIENDLYNAME");
  hex_element(xml, "FROM", &info->ftValidityStart, sizeof(FILETIME));
  hex_element(xml, "TO", &info->ftValidityEnd, sizeof(FILETIME));
  info->cRoles = (ULONG)(role_bytes / sizeof(GUID));
  info->pRoles = (GUID *)block_bytes(info, roles, role_bytes);
  if (key_size > 0) info->pSubjectPublicKey = key_info(info, key, key_size);
  info->authScheme = by_password ? SCHEME_PASSWORD : SCHEME_CERTIFICATE;
  *out = block_hand_out(info);
  return leave(S_OK);
}

API HRESULT WAPI PeerGroupIssueCredentials(void *handle, const c16 *subject, const PEER_CREDENTIAL_INFO *credential,
                                           DWORD flags, c16 **out) {
  HRESULT hr = enter_started("PeerGroupIssueCredentials");
  membership *issuer = NULL;
  if (hr == S_OK) hr = ready_member_of(handle, &issuer);
  if (hr != S_OK) return leave(hr);
  int store = flags & 1;
  if (subject == NULL || (!store && out == NULL)) return leave(E_INVALIDARG);
  if (!issuer->is_admin) return leave(PEER_E_NOT_AUTHORIZED);
  membership *known = issuer->group->members;
  while (known != NULL && !(known->seen_before && text_equal(known->identity, subject))) known = known->next;
  if (known == NULL && credential == NULL) return leave(PEER_E_IDENTITY_NOT_FOUND);
  if (store) {
    PEER_GROUP_EVENT_DATA event = {.eventType = EVENT_MEMBER};
    event.memberChangeData = (PEER_EVENT_MEMBER_CHANGE_DATA){sizeof event.memberChangeData, known ? MEMBER_UPDATED : MEMBER_JOINED, NULL};
    for (membership *m = issuer->group->members; m != NULL; m = m->next) emit(m, &event, subject, NULL, 0);
    return leave(S_OK);
  }
  const CERT_PUBLIC_KEY_INFO *key = credential == NULL ? NULL : credential->pPublicKey;
  c16 *xml = invitation_for(issuer, subject, credential == NULL ? NULL : credential->pwzFriendlyName,
                            key == NULL ? known->key : key->PublicKey.pbData,
                            key == NULL ? known->key_size : key->PublicKey.cbData,
                            credential == NULL ? (FILETIME){0, 0} : credential->ftValidityEnd,
                            credential == NULL ? NULL : credential->pRoles, credential == NULL ? 0 : credential->cRoles);
  return leave(hand_out_text(xml, out));
}

API HRESULT WAPI PeerGroupExportConfig(void *handle, const c16 *password, c16 **out) {
  HRESULT hr = enter_started("PeerGroupExportConfig");
  if (hr != S_OK) return leave(hr);
  membership *m = member_of(handle);
  if (m == NULL) return leave(PEER_E_INVALID_GROUP);
  if (password == NULL || password[0] == 0 || out == NULL) return leave(E_INVALIDARG);
  text_builder body = {0};
  text_add_element(&body, "IDENTITYPEERNAME", m->identity);
  text_add_element(&body, "GROUPPEERNAME", m->group->properties.pwzGroupPeerName);
  if (m->is_admin) text_add_ascii(&body, "<ADMIN/>");
  return leave(hand_out_text(seal("PEERGROUPCONFIG", &body, password), out));
}

API HRESULT WAPI PeerGroupImportConfig(const c16 *xml, const c16 *password, BOOL overwrite, c16 **identity_out, c16 **group_out) {
  HRESULT hr = enter_started("PeerGroupImportConfig");
  if (hr != S_OK) return leave(hr);
  if (xml == NULL || password == NULL || identity_out == NULL || group_out == NULL) return leave(E_INVALIDARG);
  if (!is_sealed(xml, "PEERGROUPCONFIG", password)) return leave(E_INVALIDARG);
  c16 *name = text_element(xml, "IDENTITYPEERNAME");
  c16 *group_name = text_element(xml, "GROUPPEERNAME");
  group *g = find_group(group_name);
  if (find_identity(name) == NULL || g == NULL) hr = PEER_E_NOT_FOUND;
  else if (find_membership(g, name) != NULL && !overwrite) hr = PEER_E_ALREADY_EXISTS;
  if (hr != S_OK) {
    free(name), free(group_name);
    return leave(hr);
  }
  if (find_membership(g, name) == NULL) add_membership(g, name, text_find(xml, "<ADMIN/>") != NULL);
  hand_out_text(name, identity_out);
  return leave(hand_out_text(group_name, group_out));
}
