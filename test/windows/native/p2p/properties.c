/* Status and properties. */
#include "model.h"

API HRESULT WAPI PeerGroupGetStatus(void *handle, DWORD *status) {
  HRESULT hr = enter_started("PeerGroupGetStatus");
  if (hr != S_OK) return leave(hr);
  membership *m = member_of(handle);
  if (m == NULL || status == NULL) return leave(m == NULL ? PEER_E_INVALID_GROUP : E_INVALIDARG);
  *status = status_of(m);
  return leave(S_OK);
}

API HRESULT WAPI PeerGroupGetProperties(void *handle, PEER_GROUP_PROPERTIES **out) {
  HRESULT hr = enter_started("PeerGroupGetProperties");
  membership *m = NULL;
  if (hr == S_OK) hr = out == NULL ? E_INVALIDARG : ready_member_of(handle, &m);
  if (hr != S_OK) return leave(hr);
  const PEER_GROUP_PROPERTIES *p = &m->group->properties;
  PEER_GROUP_PROPERTIES *copy = block_new(sizeof *copy);
  *copy = *p;
  copy->pwzCloud = block_text(copy, p->pwzCloud);
  copy->pwzClassifier = block_text(copy, p->pwzClassifier);
  copy->pwzGroupPeerName = block_text(copy, p->pwzGroupPeerName);
  copy->pwzCreatorPeerName = block_text(copy, p->pwzCreatorPeerName);
  copy->pwzFriendlyName = block_text(copy, p->pwzFriendlyName);
  copy->pwzComment = block_text(copy, p->pwzComment);
  copy->pwzGroupPassword = NULL;
  *out = block_hand_out(copy);
  return leave(S_OK);
}

static void replace(c16 **text, const c16 *with) {
  free(*text);
  *text = text_copy(with);
}

API HRESULT WAPI PeerGroupSetProperties(void *handle, const PEER_GROUP_PROPERTIES *wanted) {
  HRESULT hr = enter_started("PeerGroupSetProperties");
  membership *m = NULL;
  if (hr == S_OK) hr = wanted == NULL ? E_INVALIDARG : ready_member_of(handle, &m);
  if (hr != S_OK) return leave(hr);
  PEER_GROUP_PROPERTIES *p = &m->group->properties;
  if (!text_equal(m->identity, p->pwzCreatorPeerName)) return leave(PEER_E_NOT_AUTHORIZED);
  int same = wanted->dwSize == p->dwSize && text_equal(wanted->pwzCloud, p->pwzCloud) &&
             text_equal(wanted->pwzClassifier, p->pwzClassifier) &&
             text_equal(wanted->pwzGroupPeerName, p->pwzGroupPeerName) &&
             text_equal(wanted->pwzCreatorPeerName, p->pwzCreatorPeerName) &&
             wanted->ulMemberDataLifetime == p->ulMemberDataLifetime &&
             wanted->ulPresenceLifetime == p->ulPresenceLifetime;
  if (!same || is_text_longer(wanted->pwzFriendlyName, 255) || is_text_longer(wanted->pwzComment, 255)) {
    return leave(PEER_E_INVALID_GROUP_PROPERTIES);
  }
  replace(&p->pwzFriendlyName, wanted->pwzFriendlyName);
  replace(&p->pwzComment, wanted->pwzComment);
  p->dwFlags = wanted->dwFlags;
  PEER_GROUP_EVENT_DATA event = {.eventType = EVENT_PROPERTY};
  emit_to_all(m->group, &event);
  return leave(S_OK);
}
